/**
 * Elastic Email: one event per call. The classic webhook calls with GET and the event in the query; others post the
 * same fields as a form or, lately, as flat JSON.
 *
 * Manual: https://help.elasticemail.com/en/articles/4804685-notification-settings (read 2026-11). The classic webhook
 * signs nothing: a secret in the URL is the only proof. JSON comes with `X-ElasticEmail-Signature`, of which no document
 * says how it is made, so it is not looked at. A GET without an event is the test of the URL, answered with 200; a
 * thousand failures disable the webhook.
 *
 * `Sent` means that the receiving server took the message (article 2300646): a delivery. An error brings a category and
 * no reply of the receiver, so the category decides. `BlackListed` is about the sender's address, not the recipient's.
 *
 * Identity: status, category, message, transaction and date. There is no event id.
 */
import type { BounceClass, EventDraft, EventKind } from "../domain/event";
import { defineAdapter, type ParsedItem, type ParseOutcome, type WebhookRequest } from "./adapter";
import { BY_SHARED_SECRET } from "./auth";
import { readFormOrJson, recordOfForm } from "./form";
import { entryOf, fieldsOfText, isObject, type JsonObject, textOf } from "./json";
import { eachRecord, ignored, unreadable, unreadableBody } from "./parsed";
import { formSample, SAMPLE_RECIPIENT, SAMPLE_SENDER, sampleId, sampleTime, sampleUuid } from "./sample";
import { msOfMonthFirst, msOfRfc3339, msOfZoneless } from "./time";

/** Status, in lower case → kind; `null`: known and not wanted. */
const KINDS: Readonly<Record<string, EventKind | null>> = {
  sent: "delivered",
  error: "bounced",
  bounce: "bounced",
  "bounce / error": "bounced",
  abusereport: "complained",
  unsubscribed: "unsubscribed",
  opened: null,
  clicked: null,
};

interface Meaning {
  readonly class: BounceClass;
  readonly category: string;
}

const of = (bounceClass: BounceClass, category: string): Meaning => ({ class: bounceClass, category });

/** What an error's category means. */
const CATEGORIES: Readonly<Record<string, Meaning>> = {
  NoMailbox: of("hard", "bad-mailbox"),
  GreyListed: of("soft", "greylisted"),
  Throttled: of("soft", "rate-limited"),
  Timeout: of("soft", "no-answer-from-host"),
  ConnectionProblem: of("soft", "bad-connection"),
  ConnectionTerminated: of("soft", "bad-connection"),
  DNSProblem: of("soft", "routing-errors"),
  AccountProblem: of("soft", "mailbox-status"),
  Spam: of("block", "spam-related"),
  BlackListed: of("block", "policy-related"),
  ContentFilter: of("block", "content-related"),
  SPFProblem: of("block", "authentication"),
  WhitelistingProblem: of("block", "policy-related"),
  CodeError: of("undetermined", "protocol-errors"),
  /** Elastic Email did not try, since the address is on a list of its own; it does not say which. */
  NotDelivered: of("undetermined", "other"),
  Unknown: of("undetermined", "other"),
  Ignore: of("undetermined", "other"),
};

/** A call that has neither is no event. */
const EVENT_FIELDS = ["status", "to"];

/** The sender took the message back: no fault of the recipient's, and no bounce. */
const WITHDRAWN = new Set(["ManualCancel", "NotDeliveredCancelled"]);

export const elasticemail = defineAdapter<string>({
  id: "elasticemail",
  title: "Elastic Email",
  manual: "https://help.elasticemail.com/en/articles/4804685-notification-settings",
  setUp: [
    "Make up a long secret and set it: {secret}",
    "In Elastic Email: Settings → Notifications. Add {url} with ?token=<secret> behind it, for Sent, Unsubscribed, Complaints and Bounce / Error.",
  ],
  ...BY_SHARED_SECRET,
  acceptsGet: true,
  parse: parseBody,
  sample: (at) =>
    formSample({
      from: SAMPLE_SENDER,
      to: SAMPLE_RECIPIENT,
      date: sampleTime(at),
      status: "Sent",
      category: "Ignore",
      messageid: sampleId(at),
      transaction: sampleUuid(at),
    }),
});

function parseBody(request: WebhookRequest): ParseOutcome {
  if (!request.body.byteLength) return parseQuery(request);
  return readFormOrJson(request, parseEvent);
}

function parseQuery({ method, url }: WebhookRequest): ParseOutcome {
  const fields = new Map([...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name)]));
  const isEvent = EVENT_FIELDS.some((name) => fields.has(name));
  if (isEvent) return eachRecord([recordOfForm(fields)], parseEvent);
  return method === "GET" ? { type: "items", items: [ignored()] } : unreadableBody("empty_body");
}

function parseEvent(record: unknown): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const fields = Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
  const category = textOf(fields.category);
  const stated = entryOf(KINDS, textOf(fields.status)?.toLowerCase());
  if (stated === undefined) return unreadable("unknown_kind", "status");
  if (stated === null) return ignored();
  const recipient = textOf(fields.to);
  if (recipient === undefined) return unreadable("no_recipient");
  const kind = stated === "bounced" && WITHDRAWN.has(category ?? "") ? "rejected" : stated;
  return { type: "events", drafts: [draftOf(fields, kind, recipient)] };
}

function draftOf(fields: JsonObject, kind: EventKind, recipient: string): EventDraft {
  const [status, word] = [textOf(fields.status), textOf(fields.category)];
  const [messageId, transaction, date] = [textOf(fields.messageid), textOf(fields.transaction), textOf(fields.date)];
  const meaning = kind === "bounced" ? entryOf(CATEGORIES, word) : undefined;
  return {
    kind,
    recipient,
    stated: meaning && { class: meaning.class, rule: `elasticemail:${word}`, fixed: true },
    category: kind === "rejected" ? "policy" : meaning?.category,
    hint: word ?? status,
    messageId: messageId ?? transaction,
    occurredAt: msOfMonthFirst(date) ?? msOfRfc3339(date) ?? msOfZoneless(date),
    campaign: textOf(fields.channel),
    metadata: {
      ...fieldsOfText(fields.postback, "postback"),
      ...(transaction === undefined ? {} : { transaction }),
    },
    identity: [status, word, messageId, transaction, date],
  };
}
