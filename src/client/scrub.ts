/**
 * Lists of any length, scrubbed while they stream through. The list stays here: only its addresses are asked about, some
 * thousand at a time, and each of these questions can be asked again when nobody answers it.
 */
import type { ListFormat } from "../list/rows";
import { type Keep, openScrub, type ScrubReport, type Suppression } from "../list/scrub";
import { askBulk } from "./check-many";
import { BouncekeeperError, isUnavailable } from "./error";
import type { LocalFilter } from "./filter";
import { type CallOptions, choice, type OnError, type Settings } from "./options";
import { bytesOf, type Source, streamOf } from "./streams";
import type { Purpose } from "./types";

export interface ScrubProgress extends ScrubReport {
  /** About these nobody answered; `onError` decided. They are counted among the allowed or the suppressed, too. */
  readonly unanswered: number;
}

export interface ScrubOptions extends CallOptions {
  /** The column or member that holds the address: its name, or its number from 1. Default: as it is usually called. */
  readonly column?: string | undefined;
  /** Which rows come out; `all`: every row, with columns (or a member) that say how it stands. Default `allowed`. */
  readonly keep?: Keep | undefined;
  /** Default: as the list begins. */
  readonly format?: ListFormat | undefined;
  readonly purpose?: Purpose | undefined;
  readonly onError?: OnError | undefined;
  /** What it does not contain is not asked about. */
  readonly filter?: LocalFilter | undefined;
  /** Told what it has come to so far, after each stretch of the list; at the end, of all of it. */
  readonly onProgress?: ((progress: ScrubProgress) => void) | undefined;
}

export type ScrubList = (source: Source, options?: ScrubOptions) => ReadableStream<Uint8Array>;

/**
 * Makes the function that scrubs a list: CSV with any columns, NDJSON, or an address a line. Rows come out in their order
 * and as they were, byte for byte.
 *
 * @returns a function whose stream errs with a BouncekeeperError: `invalid_list` where it cannot be read; where nobody
 *   answered, unless `onError` decides then. A list that is cut short by that must not be mailed.
 */
export function createScrub(settings: Settings): ScrubList {
  return (source, options = {}) => streamOf(scrubbed(settings, source, options));
}

async function* scrubbed(
  settings: Settings,
  source: Source,
  { column, keep = "allowed", format, filter, onProgress, ...options }: ScrubOptions,
): AsyncGenerator<Uint8Array> {
  const purpose = choice("purpose", options.purpose ?? settings.purpose);
  const onError = choice("onError", options.onError ?? settings.onError);
  const keeping = choice("keep", keep);
  const { signal } = options;
  let unanswered = 0;
  const answersFor = async (addresses: readonly string[]): Promise<ReadonlyMap<string, Suppression>> => {
    const recipients = new Set(filter ? addresses.filter(filter.mayBeSuppressed) : addresses);
    if (recipients.size === 0) return new Map();
    try {
      const { suppressed, invalid } = await askBulk(settings, { recipients, purpose, signal }, settings.patient);
      // What the service does not take for an address is not mailed either.
      return new Map([...suppressed, ...unexplained(invalid)]);
    } catch (error) {
      if (onError === "throw" || !isUnavailable(error)) throw error;
      unanswered += recipients.size;
      return onError === "block" ? unexplained(recipients) : new Map();
    }
  };
  const scrub = await openScrub(answersFor, bytesOf(source), { column, keep: keeping, format });
  if (!scrub.ok) throw new BouncekeeperError("invalid_list", scrub.error);
  const { output, report } = scrub.value;
  for await (const bytes of output) {
    onProgress?.({ ...report(), unanswered });
    yield bytes;
  }
  onProgress?.({ ...report(), unanswered });
}

function unexplained(recipients: ReadonlySet<string>): Map<string, Suppression> {
  return new Map([...recipients].map((recipient) => [recipient, { reasons: [] }]));
}
