/**
 * Answers of many rows, and how they end where they cannot be completed.
 *
 * A stream that errs ought to break the transfer off. The runtime, though, ends such an answer as it ends a whole one
 * (chunked, with its last chunk), and so may what lies between us and the reader. So before the stream errs it begins a
 * row that it does not complete, in words that say why: no reader of the format takes that for the end of a list.
 */
const BEGUN = "unfinished: this list could not be read to its end";

const BEGINNINGS = {
  csv: `"${BEGUN}`,
  ndjson: `{"${BEGUN}`,
  // Whatever reads addresses finds none in it.
  lines: `(${BEGUN}`,
} as const;

/**
 * A stream of whole rows that never ends early where a row does. It makes the next ones while these are read, and no more:
 * whoever stops reading stops them from being made.
 *
 * @param onFailure told of what is wrong once the stream has begun
 * @throws what is wrong before
 */
export async function streamOfRows(
  format: keyof typeof BEGINNINGS,
  rows: AsyncGenerator<Uint8Array>,
  onFailure: (error: unknown) => void = () => {},
): Promise<ReadableStream<Uint8Array>> {
  let step = await rows.next();
  let failure: { readonly error: unknown } | null = null;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (failure) throw failure.error;
        if (step.done) return controller.close();
        controller.enqueue(step.value);
        try {
          step = await rows.next();
        } catch (error) {
          failure = { error };
          onFailure(error);
          // Read before the stream errs: what waits in one that has erred is lost.
          controller.enqueue(new TextEncoder().encode(BEGINNINGS[format]));
        }
      },
      cancel: async () => {
        await rows.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
