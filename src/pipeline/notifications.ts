/** What an operator does about subscriptions: add one, change its secret, have something delivered again. */
import { SECRET_BYTES, standardSecretOf } from "../crypto/standard-signature";
import {
  isWanted,
  type Message,
  type NotificationFormat,
  placeOfMessage,
  rotateSecret,
  streamsOf,
} from "../domain/notification";
import { fail, ok, type Result } from "../domain/result";
import type { Outcome } from "../domain/retry";
import { type Asked, insertAudit } from "../store/audit";
import { insertNotification, type Notification, notificationById, setSecrets } from "../store/notifications";
import { queueAgain, unparkAll } from "../store/outbox";
import { deliver } from "./deliver";
import { expectListeners, type NotifyDeps } from "./notify";
import { checkTarget, TARGET_PROBLEMS, type UnfitTarget } from "./target";
import { messagesAt } from "./told-messages";

/** How long the secret before stays good after a rotation. */
const SECRET_OVERLAP_MS = 24 * 3_600_000;
/** listmonk's own, where the URL names no more than its host. */
const LISTMONK_PATH = "/webhooks/bounce";
/** What scripts posted in listmonk's place: listmonk's own servers may know of it already. */
const EXCLUDED: Readonly<Record<NotificationFormat, readonly string[]>> = { standard: [], listmonk: ["listmonk"] };

export interface Subscription {
  readonly url: string;
  readonly events: readonly string[];
  readonly format: NotificationFormat;
  /** Absent: what the format has. */
  readonly excluded?: readonly string[] | undefined;
  readonly note: string | null;
  /** Of a listmonk server: `user:token`. */
  readonly credentials?: string | undefined;
  /** Of this worker, which does not tell itself. */
  readonly ownOrigin: string;
}

export interface Subscribed {
  readonly notification: Notification;
  /** Shown once; `null`: the caller knows it. */
  readonly secret: string | null;
}

/** @returns a sentence that says what is wrong, where the subscription is not taken */
export async function subscribe(
  deps: NotifyDeps,
  wanted: Subscription,
  asked: Asked,
): Promise<Result<Subscribed, string>> {
  const { format, events, note } = wanted;
  const given = format === "listmonk" && wanted.credentials === undefined ? splitCredentials(wanted.url) : wanted;
  const target = await checkTarget(given.url, deps.allowPrivateTargets);
  if (!target.ok) return fail(`url: ${TARGET_PROBLEMS[target.error]}`);
  const url = target.value;
  if (url.origin === wanted.ownOrigin) return fail("url: It is this worker's own.");
  if (!streamsOf({ format, events }).length) return fail(`events: None of these can be told in the format ${format}.`);
  const secret = secretFor(format, given.credentials);
  if (!secret.ok) return secret;
  if (format === "listmonk" && url.pathname === "/") url.pathname = LISTMONK_PATH;
  const id = deps.newId();
  const secrets = [{ value: secret.value, until: null }];
  const excluded = wanted.excluded ?? EXCLUDED[format];
  await insertNotification(deps.db, { id, url: url.href, format, events, excluded, note, secrets }, asked);
  expectListeners(deps.db);
  const notification = await notificationById(deps.db, id);
  if (!notification) throw new Error("the subscription was not stored");
  return ok({ notification, secret: shown(format, secret.value) });
}

/** `https://user:token@lists.example.com`: what is a secret is kept as one, and not in the URL. */
function splitCredentials(text: string): Pick<Subscription, "url" | "credentials"> {
  try {
    const url = new URL(text);
    if (url.username === "" || url.password === "") return { url: text };
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = "";
    url.password = "";
    return { url: url.href, credentials };
  } catch {
    return { url: text };
  }
}

function secretFor(format: NotificationFormat, credentials: string | undefined): Result<string, string> {
  if (format === "standard") {
    return credentials === undefined
      ? ok(standardSecretOf(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))))
      : fail("credentials: Only the format listmonk takes some; the secret of the others is made here.");
  }
  return credentials !== undefined && /^[^:]+:./.test(credentials)
    ? ok(credentials)
    : fail("credentials: listmonk wants a user and a token, as user:token.");
}

function shown(format: NotificationFormat, secret: string): string | null {
  return format === "standard" ? secret : null;
}

/**
 * Changes the secret: messages are signed with both for a while. A listmonk server's credentials are replaced at once.
 *
 * @param credentials of a listmonk server, `user:token`
 * @returns the new secret, shown once; `null`: there is no such subscription
 */
export async function rotate(
  deps: NotifyDeps,
  id: string,
  credentials: string | undefined,
  asked: Asked,
): Promise<Result<{ readonly secret: string | null; readonly previousUntil: number | null }, string> | null> {
  const notification = await notificationById(deps.db, id);
  if (!notification) return null;
  const { format } = notification;
  const secret = secretFor(format, credentials);
  if (!secret.ok) return secret;
  const overlapMs = format === "standard" ? SECRET_OVERLAP_MS : 0;
  const secrets = rotateSecret(notification.secrets, secret.value, asked.at, overlapMs);
  if (!(await setSecrets(deps.db, id, secrets, asked))) return null;
  return ok({ secret: shown(format, secret.value), previousUntil: overlapMs ? asked.at + overlapMs : null });
}

/**
 * Has a message delivered again, or one that was given up, under its own id.
 *
 * @param message its id; `null`: all that were given up
 * @returns was there anything to deliver?
 */
export async function redeliver(
  deps: NotifyDeps,
  notification: Notification,
  message: string | null,
  asked: Asked,
): Promise<boolean> {
  const { id } = notification;
  const queue = message === null ? unparkAll(deps.db, id) : await queueOf(deps, notification, message);
  if (!queue) return false;
  const detail = message === null ? {} : { message };
  const audit = insertAudit(deps.db, { ...asked, action: "redeliver", subject: id, detail });
  const results = await deps.db.batch([queue, audit]);
  return (results[0]?.meta.changes ?? 0) > 0;
}

async function queueOf(
  deps: NotifyDeps,
  notification: Notification,
  message: string,
): Promise<D1PreparedStatement | null> {
  const place = placeOfMessage(message);
  const [found] = place ? await messagesAt(deps.db, [place]) : [];
  if (found?.id !== message || !isWanted(notification, found)) return null;
  const { stream, seq, type, subject } = found;
  return queueAgain(deps.db, notification.id, { stream, seq, messageId: message, type, subject });
}

/** Sends a message that says nothing, at once and once. It is not part of any order, and is not tried again. */
export async function sendTest(deps: NotifyDeps, notification: Notification): Promise<Result<Outcome, UnfitTarget>> {
  const target = await checkTarget(notification.url, deps.allowPrivateTargets);
  if (!target.ok) return target;
  return ok(await deliver(notification, testMessage(deps), deps.now()));
}

function testMessage({ newId, now }: NotifyDeps): Message {
  const at = now();
  return {
    id: `msg_test_${newId()}`,
    stream: "alert",
    seq: 0,
    type: "notification.test",
    at,
    happenedAt: at,
    subject: "test",
    source: null,
    data: {},
    bounce: null,
  };
}
