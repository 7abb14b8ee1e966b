/** The secret `MAILBOXES`: the POP3 mailboxes to look into, in the words of listmonk's settings (`bounce.mailboxes`). */
import { z } from "zod";
import { canonicalAddress } from "../domain/address";
import { once } from "../domain/once";
import { fail, ok, type Result } from "../domain/result";

/** `tls` from the first byte (RFC 8314), `starttls` by the command STLS (RFC 2595), `none`: readable on the way. */
export const TLS_MODES = ["tls", "starttls", "none"] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** `userpass` is USER and PASS (RFC 1939), `plain` is AUTH PLAIN (RFC 5034). */
const AUTH_PROTOCOLS = ["userpass", "plain"] as const;
export type AuthProtocol = (typeof AUTH_PROTOCOLS)[number];

/** How a mailbox is reached and what becomes of its mails. */
export interface MailboxSettings {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly authProtocol: AuthProtocol;
  readonly username: string;
  readonly password: string;
  /** Canonical address to which the bounces are sent that end up here. */
  readonly returnPath: string | undefined;
  readonly scanIntervalMs: number;
  /** Are its mails believed without proof? */
  readonly trusted: boolean;
  /** Do mails stay on the server after they were recorded? */
  readonly keep: boolean;
}

/** One entry of the list. A bad one is disabled, loudly; the others go on. */
export interface Mailbox {
  /** Unique; `#2` for the second entry where its own name is unusable. */
  readonly name: string;
  /** Or what is wrong, without any value. */
  readonly settings: Result<MailboxSettings, string>;
}

const DEFAULT_NAME = "default";
const DEFAULT_PORTS: Readonly<Record<TlsMode, number>> = { tls: 995, starttls: 110, none: 110 };
const MAX_PORT = 65_535;
/** Cloudflare lets no worker connect to it. */
const SMTP_PORT = 25;
const MINUTE_MS = 60_000;
const MIN_INTERVAL_MS = MINUTE_MS;
const MAX_INTERVAL_MS = 7 * 24 * 60 * MINUTE_MS;
const MAX_HOST_LENGTH = 253;
/** A line of a command may have 255 octets (RFC 2449 §4), but no server is known to insist on it. */
const MAX_CREDENTIAL_LENGTH = 512;

/** A line break in it would be a command of its own. */
const credential = once(() =>
  z
    .string()
    .min(1)
    .max(MAX_CREDENTIAL_LENGTH)
    .regex(/^[^\x00-\x1f\x7f]+$/, "must not contain control characters"),
);

const nameSchema = once(() =>
  z
    .string()
    .max(64)
    .regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens"),
);

const mailboxSchema = once(() =>
  z.strictObject({
    name: nameSchema().default(DEFAULT_NAME),
    /** listmonk's; it names a row of its own settings. */
    uuid: z.string().optional(),
    enabled: z.boolean().default(true),
    type: z.literal("pop", 'must be "pop"').default("pop"),
    host: z
      .string()
      .trim()
      .max(MAX_HOST_LENGTH)
      .regex(/^[A-Za-z0-9._-]+$|^[0-9A-Fa-f:.]+$/, "must be a host's name or address, without scheme and port"),
    port: z
      .number()
      .int()
      .min(1)
      .max(MAX_PORT)
      .refine((port) => port !== SMTP_PORT, "port 25 cannot be reached from a worker")
      .optional(),
    auth_protocol: z
      .enum(AUTH_PROTOCOLS, 'must be "userpass" or "plain": a mailbox without a login or with APOP (MD5) is not read')
      .default("userpass"),
    username: credential(),
    password: credential(),
    tls: z.union([z.enum(TLS_MODES), z.boolean().transform(modeOf)], 'must be "tls", "starttls" or "none"').optional(),
    tls_enabled: z.boolean().optional(),
    tls_skip_verify: z
      .literal(false, "must be false: the platform verifies every certificate and cannot be told otherwise")
      .optional(),
    return_path: z
      .string()
      .refine((text) => text === "" || canonicalAddress(text).ok, "must be an address")
      .optional(),
    scan_interval: z
      .string()
      .refine((text) => isInterval(intervalMs(text)), 'must be "15m", "1h", "1h30m" or the like, from 1m to 168h')
      .default("15m"),
    trusted: z.boolean().default(false),
    keep: z.boolean().default(false),
  }),
);

function modeOf(isEncrypted: boolean): TlsMode {
  return isEncrypted ? "tls" : "none";
}

type RawMailbox = z.infer<ReturnType<typeof mailboxSchema>>;

/**
 * Reads the list of mailboxes.
 *
 * @param raw the secret's value: a JSON array as text or as it is, or nothing for none
 * @returns every entry, usable or with a sentence that names each bad value; or why it is no list at all
 */
export function parseMailboxes(raw: unknown): Result<readonly Mailbox[], string> {
  let value: unknown = raw ?? [];
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      return fail("MAILBOXES is not valid JSON");
    }
  }
  if (!Array.isArray(value)) return fail("MAILBOXES must be a JSON array of mailboxes");
  const taken = new Set<string>();
  return ok(value.map((entry: unknown, index) => readMailbox(entry, index, taken)));
}

function readMailbox(entry: unknown, index: number, taken: Set<string>): Mailbox {
  const name = nameOf(entry);
  if (name === undefined) return { name: `#${index + 1}`, settings: readSettings(entry) };
  if (taken.has(name)) return { name: `#${index + 1}`, settings: fail("name: another mailbox has it already") };
  taken.add(name);
  return { name, settings: readSettings(entry) };
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { name = DEFAULT_NAME } = entry as { name?: unknown };
  const parsed = nameSchema().safeParse(name);
  return parsed.success ? parsed.data : undefined;
}

function readSettings(entry: unknown): Result<MailboxSettings, string> {
  const parsed = mailboxSchema().safeParse(entry);
  if (!parsed.success) {
    const sentences = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(": "));
    return fail(sentences.join("; "));
  }
  const m = parsed.data;
  const tls = tlsOf(m);
  if (!tls.ok) return tls;
  return ok({
    enabled: m.enabled,
    host: m.host,
    port: m.port ?? DEFAULT_PORTS[tls.value],
    tls: tls.value,
    authProtocol: m.auth_protocol,
    username: m.username,
    password: m.password,
    returnPath: addressOf(m.return_path),
    scanIntervalMs: intervalMs(m.scan_interval) ?? Number.NaN,
    trusted: m.trusted,
    keep: m.keep,
  });
}

/** `tls`, else listmonk's `tls_enabled` (which knows no STARTTLS), else TLS: nothing is sent readable unless asked for. */
function tlsOf({ tls, tls_enabled, port }: RawMailbox): Result<TlsMode, string> {
  if (tls !== undefined && tls_enabled !== undefined && tls_enabled !== (tls !== "none")) {
    return fail("tls_enabled: says something else than tls");
  }
  if (tls === undefined && tls_enabled === undefined && port === DEFAULT_PORTS.none) {
    return fail('tls: must be stated for port 110: "starttls", or "none" to send the password readable');
  }
  return ok(tls ?? modeOf(tls_enabled ?? true));
}

function addressOf(text: string | undefined): string | undefined {
  const address = canonicalAddress(text ?? "");
  return address.ok ? address.value : undefined;
}

/** A duration as Go writes it, in whole hours, minutes and seconds. */
function intervalMs(text: string): number | undefined {
  const match = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (!match || text === "") return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  return (hours * 60 + minutes) * MINUTE_MS + seconds * 1_000;
}

function isInterval(ms: number | undefined): boolean {
  return ms !== undefined && ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS;
}
