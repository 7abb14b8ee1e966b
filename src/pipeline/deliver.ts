/** One attempt to tell somebody something: an HTTP request, and what its answer means. */
import { base64Of, utf8Bytes } from "../crypto/encoding";
import { standardHeaders } from "../crypto/standard-signature";
import { type Message, type NotificationFormat, secretsAt } from "../domain/notification";
import { type Outcome, outcomeOfStatus, retryAfterMs } from "../domain/retry";
import { cleanText } from "../domain/text";
import type { Notification } from "../store/notifications";
import { reasonOf, USER_AGENT } from "./outgoing";

/** How long a receiver may take. */
export const DELIVERY_TIMEOUT_MS = 10_000;
/** Of an answer that is no success, for people to look at. */
const MAX_ANSWER_BYTES = 1_024;
const MAX_ERROR_LENGTH = 300;

interface Composed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is sent. @param now epoch ms */
type Compose = (message: Message, secrets: readonly string[], now: number) => Promise<Composed>;

const FORMATS: Readonly<Record<NotificationFormat, Compose>> = {
  standard: async ({ id, type, happenedAt, data }, secrets, now) => {
    const body = JSON.stringify({ type, timestamp: new Date(happenedAt).toISOString(), data });
    return { headers: await standardHeaders(secrets, { id, timestampSeconds: Math.floor(now / 1000), body }), body };
  },
  listmonk: async ({ id, bounce }, [userAndToken = ""]) => ({
    // A worker like this one, in listmonk's place, tells a repetition by the key; listmonk itself cannot.
    headers: { authorization: `Basic ${base64Of(utf8Bytes(userAndToken))}`, "idempotency-key": id },
    body: JSON.stringify(bounce),
  }),
};

/**
 * Tells it once. Redirects are not followed; only 2xx is a success.
 *
 * @param now epoch ms: of the attempt
 * @throws PlatformLimit
 */
export async function deliver(
  notification: Pick<Notification, "url" | "format" | "secrets">,
  message: Message,
  now: number,
  timeoutMs = DELIVERY_TIMEOUT_MS,
): Promise<Outcome> {
  const { headers, body } = await FORMATS[notification.format](message, secretsAt(notification.secrets, now), now);
  try {
    const response = await fetch(notification.url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": USER_AGENT, ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = response.ok ? "" : await beginningOf(response);
    await response.body?.cancel().catch(() => {});
    return outcomeOfStatus(
      response.status,
      errorOf(response.status, answer),
      retryAfterMs(response.headers.get("retry-after"), now),
    );
  } catch (error) {
    return { type: "unreachable", status: null, error: reasonOf(error), retryAfterMs: null };
  }
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  while (bytes < MAX_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, MAX_ANSWER_BYTES - bytes);
    bytes += part.byteLength;
    text += decoder.decode(part, { stream: true });
  }
  reader.releaseLock();
  return text;
}

const ANSWERED = "HTTP ";

/** Is this the error of somebody who answered, and not of one who did not? @param error as `errorOf` words it */
export function hasAnswered(error: string | null): boolean {
  return error?.startsWith(ANSWERED) ?? false;
}

/** What somebody answers may repeat the address that it was asked about: that is not kept. */
export function errorOf(status: number, answer: string): string {
  const words = answer.replace(/\s+/g, " ").replace(/[^\s@<>"']{1,64}@[^\s@<>"']{1,255}/g, "…@…");
  return cleanText(`${ANSWERED}${status} ${words}`, MAX_ERROR_LENGTH) ?? `${ANSWERED}${status}`;
}
