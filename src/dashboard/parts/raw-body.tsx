import { laidOutJson } from "./json-layout";
import { bytesWords } from "./words";

const MAX_SHOWN_BYTES = 200_000;

/** Bytes as text; what is no text is shown by its replacement characters, never run. */
export function RawBody({ bytes }: { bytes: Uint8Array }) {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_SHOWN_BYTES));
  return (
    <>
      {/* It scrolls, so it has to be within reach of the keyboard. */}
      <section class="raw" tabindex={0} aria-label="Bytes">
        <pre>
          <bdi>{laidOutJson(text)}</bdi>
        </pre>
      </section>
      {bytes.byteLength > MAX_SHOWN_BYTES ? (
        <p class="soft">The first {bytesWords(MAX_SHOWN_BYTES)} are shown.</p>
      ) : null}
    </>
  );
}
