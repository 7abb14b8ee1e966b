import { describe, expect, it } from "vitest";
import {
  isWanted,
  type Message,
  matchesType,
  messageId,
  NOTIFICATION_TYPES,
  placeOfMessage,
  rotateSecret,
  secretsAt,
  streamsOf,
  TYPE_PATTERNS,
  type Wanted,
} from "../../src/domain/notification";
import {
  changeData,
  eventData,
  type ListStanding,
  listmonkBounce,
  type ToldEvent,
  typeOfChange,
} from "../../src/domain/notification-message";

const NOW = Date.UTC(2030, 0, 15, 12);
const KEY = "ab".repeat(32);

const EVENT: ToldEvent = {
  id: "e1",
  address: "john@example.com",
  provider: "inboxroad",
  connection: "default",
  kind: "bounced",
  class: "hard",
  category: "bad-mailbox",
  rule: "inboxroad:bad-mailbox",
  statusCode: "5.1.1",
  replyCode: "550",
  diagnosticCode: "550 5.1.1 no such user",
  remoteMta: null,
  messageId: "m1",
  campaign: null,
  tags: null,
  metadata: null,
  occurredAt: NOW - 60_000,
  receivedAt: NOW,
};

const message = (more: Partial<Message> = {}): Message => ({
  id: "msg_event_1_0000000000000000",
  stream: "event",
  seq: 1,
  type: "event.bounced",
  at: NOW,
  happenedAt: NOW,
  subject: KEY,
  source: "inboxroad/default",
  data: {},
  bounce: listmonkBounce(EVENT),
  ...more,
});
const wanted = (more: Partial<Wanted> = {}): Wanted => ({ format: "standard", events: ["*"], excluded: [], ...more });

describe("a pattern", () => {
  it("names a type, a family, or everything", () => {
    const named = (pattern: string) => NOTIFICATION_TYPES.filter((type) => matchesType(pattern, type));
    expect(named("event.bounced")).toEqual(["event.bounced"]);
    expect(named("alert.*")).toEqual(["alert.opened", "alert.closed"]);
    expect(named("suppression.*")).toEqual(["suppression.created", "suppression.released"]);
    expect(named("*")).toEqual(NOTIFICATION_TYPES);
    expect(TYPE_PATTERNS.filter((pattern) => named(pattern).length === 0)).toEqual([]);
  });
});

describe("a subscription", () => {
  it("hears what it named, and nothing else", () => {
    expect(isWanted(wanted({ events: ["event.complained", "event.bounced"] }), message())).toBe(true);
    expect(isWanted(wanted({ events: ["suppression.*"] }), message())).toBe(false);
  });

  it("does not hear of sources that it excluded: a provider with all connections, or one connection", () => {
    const isHeard = (excluded: string[], source: string | null) => isWanted(wanted({ excluded }), message({ source }));
    expect(isHeard(["inboxroad"], "inboxroad/default")).toBe(false);
    expect(isHeard(["inboxroad/eu"], "inboxroad/default")).toBe(true);
    expect(isHeard(["inboxroad/eu"], "inboxroad/eu")).toBe(false);
    expect(isHeard(["inbox"], "inboxroad/eu")).toBe(true);
    expect(isHeard(["inboxroad"], null)).toBe(true);
  });

  it("of the format listmonk hears only what means something to listmonk", () => {
    expect(isWanted(wanted({ format: "listmonk" }), message())).toBe(true);
    expect(isWanted(wanted({ format: "listmonk" }), message({ bounce: null }))).toBe(false);
  });

  it("is told out of those logs in which there may be something for it", () => {
    const streams = (events: string[], format: Wanted["format"] = "standard") => streamsOf({ events, format });
    expect(streams(["*"])).toEqual(["event", "change", "alert"]);
    expect(streams(["suppression.released"])).toEqual(["change"]);
    expect(streams(["*"], "listmonk")).toEqual(["event"]);
    expect(streams(["suppression.*", "alert.*"], "listmonk")).toEqual([]);
  });
});

describe("a message's id", () => {
  it("says where the message is found, and has no full stop", () => {
    const id = messageId("change", 123, "0123456789abcdef0123");
    expect(id).toBe("msg_change_123_0123456789abcdef");
    expect(placeOfMessage(id)).toEqual({ stream: "change", seq: 123 });
  });

  it.each(["", "msg_change_123", "msg_other_1_0123456789abcdef", "msg_event_1_XYZ", `${messageId("event", 1, KEY)}0`])(
    "is not %j",
    (id) => {
      expect(placeOfMessage(id)).toBeNull();
    },
  );
});

describe("a secret", () => {
  it("stays good for a while after it was changed, and no longer", () => {
    const first = [{ value: "a", until: null }];
    const second = rotateSecret(first, "b", NOW, 1_000);
    expect(secretsAt(second, NOW + 999)).toEqual(["b", "a"]);
    expect(secretsAt(second, NOW + 1_000)).toEqual(["b"]);
    const third = rotateSecret(second, "c", NOW + 500, 1_000);
    // The first one's time does not begin anew.
    expect(secretsAt(third, NOW + 999)).toEqual(["c", "b", "a"]);
    expect(secretsAt(third, NOW + 1_000)).toEqual(["c", "b"]);
    expect(rotateSecret(first, "b", NOW, 0)).toEqual([{ value: "b", until: null }]);
  });

  it("is one of at most five, however often it is changed", () => {
    let secrets = [{ value: "0", until: null as number | null }];
    for (let i = 1; i < 20; i++) secrets = rotateSecret(secrets, String(i), NOW + i, 60_000);
    expect(secretsAt(secrets, NOW + 20)).toEqual(["19", "18", "17", "16", "15"]);
  });
});

describe("what is told of an event", () => {
  it("names the recipient, what happened, and what the receiver said", () => {
    expect(eventData(EVENT, KEY)).toMatchObject({
      id: "e1",
      recipient: "john@example.com",
      key: KEY,
      kind: "bounced",
      class: "hard",
      provider: "inboxroad",
      diagnosticCode: "550 5.1.1 no such user",
      occurredAt: "2030-01-15T11:59:00.000Z",
    });
  });

  it("leaves out the name of who was erased, and metadata that would make it large", () => {
    expect(eventData({ ...EVENT, address: `${KEY}@erased.invalid` }, KEY)).toMatchObject({ recipient: null, key: KEY });
    expect(eventData({ ...EVENT, metadata: { a: 1 } }, KEY).metadata).toEqual({ a: 1 });
    expect(eventData({ ...EVENT, metadata: { a: "x".repeat(5_000) } }, KEY).metadata).toBeNull();
  });
});

describe("what listmonk is told", () => {
  const CAMPAIGN = "0e1c2d3f-0000-4000-8000-000000000001";

  it("is a bounce of its own API, with the provider as its source", () => {
    expect(listmonkBounce({ ...EVENT, campaign: CAMPAIGN })).toEqual({
      email: "john@example.com",
      campaign_uuid: CAMPAIGN,
      source: "inboxroad",
      type: "hard",
      meta: {
        eventId: "e1",
        connection: "default",
        class: "hard",
        category: "bad-mailbox",
        statusCode: "5.1.1",
        diagnosticCode: "550 5.1.1 no such user",
      },
      created_at: "2030-01-15T11:59:00.000Z",
    });
  });

  it.each([
    ["hard", "hard"],
    ["soft", "soft"],
    ["expired", "soft"],
    ["block", undefined],
    ["undetermined", undefined],
  ] as const)("of a bounce of class %s is: %s", (bounceClass, type) => {
    expect(listmonkBounce({ ...EVENT, class: bounceClass })?.type).toBe(type);
  });

  it("knows complaints, subscribers by their uuid, and no campaign that is not one of its own", () => {
    expect(listmonkBounce({ ...EVENT, kind: "complained", class: null })?.type).toBe("complaint");
    const bounce = listmonkBounce({ ...EVENT, address: `${CAMPAIGN}@listmonk.invalid`, campaign: "spring" });
    expect(bounce).toMatchObject({ subscriber_uuid: CAMPAIGN });
    expect(bounce).not.toHaveProperty("email");
    expect(bounce).not.toHaveProperty("campaign_uuid");
  });

  it("is nothing of who was erased", () => {
    expect(listmonkBounce({ ...EVENT, address: `${KEY}@erased.invalid` })).toBeNull();
  });
});

describe("a change of the list", () => {
  const standing = (reasons: ListStanding["reasons"]): ListStanding => ({
    suppressed: reasons.length > 0,
    reasons,
    since: reasons.length ? NOW : null,
    until: null,
  });
  const [free, hard] = [standing([]), standing(["hard"])];

  it("is a listing, a release, or nothing to others", () => {
    expect(typeOfChange({ before: free, now: hard })).toBe("suppression.created");
    expect(typeOfChange({ before: hard, now: standing(["hard", "complaint"]) })).toBe("suppression.created");
    expect(typeOfChange({ before: hard, now: free })).toBe("suppression.released");
    expect(typeOfChange({ before: free, now: free })).toBeNull();
  });

  it("tells the reasons of now and before, and the event behind them", () => {
    const change = { key: KEY, address: "john@example.com", now: hard, before: free, evidence: EVENT, changedAt: NOW };
    expect(changeData(change)).toMatchObject({
      recipient: "john@example.com",
      key: KEY,
      suppressed: true,
      reasons: ["hard"],
      since: "2030-01-15T12:00:00.000Z",
      until: null,
      previousReasons: [],
      evidence: { id: "e1", class: "hard", diagnosticCode: "550 5.1.1 no such user" },
    });
    expect(changeData({ ...change, address: null, evidence: null, before: hard, now: free })).toMatchObject({
      recipient: null,
      suppressed: false,
      previousReasons: ["hard"],
      evidence: null,
    });
  });
});
