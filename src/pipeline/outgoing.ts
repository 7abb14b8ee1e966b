/** Requests to other people's servers: what all of them have in common. */

/** As which we come to others. */
export const USER_AGENT = "Bouncekeeper/1";

/** Our own platform refuses further requests: that says nothing about the other side. */
export class PlatformLimit extends Error {}

/**
 * Why nobody answered, in words that quote nothing.
 *
 * @param error what `fetch`, or reading its answer, threw
 * @throws PlatformLimit
 */
export function reasonOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  if (/subrequest/i.test(message)) throw new PlatformLimit(message);
  return name === "TimeoutError" || name === "AbortError" ? "timeout" : "no connection";
}

/** An answer as text; `null`: it is longer than that, and was read no further. */
export async function textOf(response: Response, maxBytes: number): Promise<string | null> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}
