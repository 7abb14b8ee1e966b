/** What senders have to say, in the words of four sources, and what of it is a fact. */
import { createHmac } from "node:crypto";
import type { BounceClass, EventKind } from "../../src/domain/event";
import { type Fact, messageKey } from "../../src/domain/fact";
import { bounce, complaint, delivery, type PmtaRecord, remoteBounce } from "../support/pmta";
import type { Random } from "./random";
import { SECRETS } from "./runtime";

const SOURCES = ["inboxroad", "powermta", "mailgun", "api"] as const;
type Source = (typeof SOURCES)[number];

/** What is said → kind and class. */
const MEANINGS: Readonly<Record<string, readonly [EventKind, BounceClass | null]>> = {
  soft: ["bounced", "soft"],
  returned: ["bounced", "soft"],
  expired: ["bounced", "expired"],
  block: ["bounced", "block"],
  hard: ["bounced", "hard"],
  delivered: ["delivered", null],
  complained: ["complained", null],
  unsubscribed: ["unsubscribed", null],
};

const WORDS: Readonly<Record<Source, readonly string[]>> = {
  inboxroad: ["soft", "soft", "soft", "returned", "expired", "block", "delivered", "hard", "complained"],
  powermta: ["soft", "soft", "soft", "returned", "expired", "block", "delivered", "hard", "complained"],
  mailgun: ["hard", "delivered", "complained", "unsubscribed"],
  api: ["soft", "soft", "expired", "block", "delivered", "hard", "unsubscribed"],
};
/** Most recipients never get these, so that their counters go on. */
const FOR_GOOD = ["hard", "complained", "unsubscribed"];

const RECIPIENTS = 200;
const MESSAGES_PER_RECIPIENT = 40;
const MAX_PER_LETTER = 12;
const MINUTE_MS = 60_000;
/** The worker's clock may be so much behind; an event that is older is never dated ahead of its receipt. */
const YOUNGEST_MS = 15 * MINUTE_MS;
const OLDEST_MS = 30 * 60 * MINUTE_MS;

/** The same words of the same source are the same event. */
export interface Said {
  readonly source: Source;
  readonly what: string;
  readonly recipient: string;
  readonly message: string;
  /** Epoch ms, whole seconds. */
  readonly at: number;
  /** Its source's clock is ahead: it is taken to occur when it is received. */
  readonly isAhead: boolean;
}

/** One request, ready to be sent as often as it takes. */
export interface Letter {
  readonly source: Source;
  readonly says: readonly Said[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the journal has of an event: which of those that were said it is, but for two that say the same. */
export interface Recorded {
  readonly provider: string;
  readonly address: string;
  readonly kind: string;
  readonly class: string | null;
  readonly internet_message_id: string;
  readonly occurred_at: number;
  readonly received_at: number;
}

export const idOf = (said: Said): string =>
  [said.source, said.what, said.recipient, said.message, said.at, said.isAhead].join(" ");

/** As `keyOfRecorded`, of what was said. */
export function keyOfSaid({ source, what, recipient, message, at, isAhead }: Said): string {
  const [kind, bounceClass] = meaningOf(what);
  return [source, recipient, kind, bounceClass, `${message}@news.example.com`, isAhead ? "ahead" : at].join(" ");
}

export function keyOfRecorded(row: Recorded): string {
  const source = row.provider === "standard-webhooks" ? "api" : row.provider;
  const at = row.internet_message_id.startsWith("ahead-") ? "ahead" : row.occurred_at;
  return [source, row.address, row.kind, row.class, row.internet_message_id, at].join(" ");
}

/** @param at when the journal says that it occurred */
export function factOf(said: Said, at: number): Fact {
  const [kind, bounceClass] = meaningOf(said.what);
  const eventId = idOf(said);
  const internetMessageId = `${said.message}@news.example.com`;
  const message = messageKey({ id: eventId, provider: said.source, internetMessageId });
  return { eventId, kind, class: bounceClass ?? undefined, at, message };
}

function meaningOf(what: string): readonly [EventKind, BounceClass | null] {
  const meaning = MEANINGS[what];
  if (!meaning) throw new Error(`nobody says ${what}`);
  return meaning;
}

/** Something new about somebody; now and then what another connection has said already. */
export function newLetter(random: Random, heard: readonly Said[]): Letter {
  const source = random.of(SOURCES);
  const length = source === "mailgun" ? 1 : random.between(1, MAX_PER_LETTER);
  const says = Array.from({ length }, () => newSaid(random, source, heard));
  // The same event twice in one batch.
  if (length > 1 && random.chance(0.1)) says.push(random.of(says));
  return letterOf(source, says);
}

function newSaid(random: Random, source: Source, heard: readonly Said[]): Said {
  if (heard.length && random.chance(0.2)) {
    const told = random.of(heard);
    if (!told.isAhead && WORDS[source].includes(told.what)) return { ...told, source };
  }
  const number = random.between(0, RECIPIENTS - 1);
  const word = random.of(WORDS[source]);
  const what = FOR_GOOD.includes(word) && number % 10 ? "delivered" : word;
  const isAhead = source !== "mailgun" && random.chance(0.01);
  const age = isAhead ? -random.between(60, 600) * MINUTE_MS : random.between(YOUNGEST_MS, OLDEST_MS);
  return {
    source,
    what,
    recipient: `reader-${number}@example.com`,
    message: isAhead ? `ahead-${random.next()}` : `${number}-${random.between(0, MESSAGES_PER_RECIPIENT - 1)}`,
    at: Math.floor((Date.now() - age) / 1_000) * 1_000,
    isAhead,
  };
}

/** The same words in another request, as a provider that lost our answer sends them, or that groups them anew. */
export function letterOf(source: Source, says: readonly Said[]): Letter {
  return { source, says, ...COMPOSED[source](says) };
}

type Composed = Pick<Letter, "path" | "headers" | "body">;

const JSON_TYPE = { "content-type": "application/json" };

const COMPOSED: Readonly<Record<Source, (says: readonly Said[]) => Composed>> = {
  inboxroad: (says) => pmta("inboxroad", SECRETS.WEBHOOK_INBOXROAD, says),
  powermta: (says) => pmta("powermta", SECRETS.WEBHOOK_POWERMTA, says),
  mailgun: ([said]) => mailgun(said),
  api: (says) => ({
    path: "/v1/events",
    headers: { ...JSON_TYPE, authorization: `Bearer ${SECRETS.ADMIN_TOKENS}` },
    body: JSON.stringify(says.map(eventOf)),
  }),
};

function pmta(provider: string, secret: string, says: readonly Said[]): Composed {
  const headers = { ...JSON_TYPE, authorization: `Bearer ${secret}` };
  return { path: `/webhooks/${provider}`, headers, body: JSON.stringify(says.map(recordOf)) };
}

function recordOf(said: Said): PmtaRecord {
  switch (said.what) {
    case "delivered":
      return delivery(said);
    case "complained":
      return complaint(said);
    case "returned":
      return remoteBounce("soft", said);
    default:
      return bounce(said.what as "soft", said);
  }
}

function eventOf({ what, recipient, message, at }: Said): object {
  const [kind, bounceClass] = meaningOf(what);
  const occurredAt = new Date(at).toISOString();
  return {
    kind,
    ...(bounceClass ? { class: bounceClass } : {}),
    recipient,
    internetMessageId: `<${message}@news.example.com>`,
    occurredAt,
    id: `${what} ${message} ${at}`,
  };
}

const MAILGUN_WORDS: Readonly<Record<string, object>> = {
  hard: {
    event: "failed",
    severity: "permanent",
    reason: "bounce",
    "delivery-status": { code: 550, "enhanced-code": "5.1.1", message: "5.1.1 No such user" },
  },
  delivered: { event: "delivered", "delivery-status": { code: 250, message: "OK" } },
  complained: { event: "complained" },
  unsubscribed: { event: "unsubscribed" },
};

/** A token of its own for each event: repeated with it, and with no other. */
function mailgun(said: Said | undefined): Composed {
  if (!said) throw new Error("Mailgun says one thing at a time");
  const token = createHmac("sha256", "token").update(idOf(said)).digest("hex").slice(0, 50);
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", SECRETS.WEBHOOK_MAILGUN).update(`${timestamp}${token}`).digest("hex");
  const event = {
    ...MAILGUN_WORDS[said.what],
    id: token.slice(0, 22),
    timestamp: said.at / 1_000,
    recipient: said.recipient,
    message: { headers: { "message-id": `${said.message}@news.example.com` } },
  };
  const body = JSON.stringify({ signature: { timestamp, token, signature }, "event-data": event });
  return { path: "/webhooks/mailgun", headers: JSON_TYPE, body };
}
