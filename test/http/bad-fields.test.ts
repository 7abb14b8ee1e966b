import { beforeEach, describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { bounce } from "../support/pmta";
import { START_MS, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf } from "../support/worker";
import { emptyJournal, expectKept, keptItems } from "./kept";

const PROOF = { authorization: `Basic ${base64Of(utf8Bytes("listmonk:listmonk-token"))}` };
const RECEIVED = new Date(START_MS).toISOString();
const about = { recipient: "john@example.com", message: "m1", at: START_MS - 60_000 };

setStage();
beforeEach(emptyJournal);

/** Records given as JSON text, where a value cannot be written by `JSON.stringify`. */
const postText = (record: string) => api("/webhooks/inboxroad?token=inboxroad-secret", { body: `[${record}]` });
const inboxroad = (change: object) => postText(JSON.stringify({ ...bounce("hard", about), ...change }));
const own = (change: object) =>
  api("/v1/events", { json: { kind: "bounced", class: "hard", recipient: "john@example.com", ...change } });
const listmonk = (change: object) =>
  api("/webhooks/bounce", { json: { email: "john@example.com", type: "hard", ...change }, headers: PROOF });
const journal = async () => (await jsonOf(await api("/v1/events"))).items;
const theEvent = async () => {
  const items = await journal();
  expect(items).toHaveLength(1);
  return items[0];
};

describe("a recipient", () => {
  it("that is missing is no event, and the record is kept", async () => {
    const record = JSON.stringify({ ...bounce("hard", about), rcpt: undefined });
    expect(await jsonOf(await postText(record))).toMatchObject({ received: 0, quarantined: 1 });
    await expectKept(utf8Bytes(`[${record}]`), { reason: "no_recipient", item: 0 });
    expect((await own({ recipient: undefined })).status).toBe(400);
    const native = await listmonk({ email: undefined });
    expect(await jsonOf(native)).toEqual({ message: "Invalid fields: email / subscriber_uuid" });
    expect(await journal()).toEqual([]);
  });

  const NO_ADDRESSES: [what: string, recipient: string][] = [
    ["a word", "nobody"],
    ["a domain", "@example.com"],
    ["a name and an @", "john@"],
    ["a name of two words", "john smith@example.com"],
    ["a domain of two words", "john@exa mple.com"],
    ["a domain that begins with a hyphen", "john@-example.com"],
    ["a name with a NUL", "john\u0000@example.com"],
    ["a domain with a NUL", "john@example\u0000.com"],
    ["a name with half a surrogate pair", "john\ud800@example.com"],
    ["a domain with half a surrogate pair", "john@exa\udfffmple.com"],
    ["two addresses", "john@example.com, jane@example.com"],
    ["a name that is too long", `${"j".repeat(65)}@example.com`],
    ["a domain that is too long", `john@${"example.".repeat(40)}com`],
    ["a megabyte", `${"j".repeat(1_000_000)}@example.com`],
    ["nothing but brackets", "<".repeat(100_000)],
    ["nothing but @", "@".repeat(100_000)],
  ];

  it.each(NO_ADDRESSES)("that is %s is no event, and the record is kept", async (_what, recipient) => {
    const answer = await inboxroad({ rcpt: recipient });
    expect(answer.status).toBe(200);
    expect(await jsonOf(answer)).toMatchObject({ received: 0, quarantined: 1 });
    expect(await keptItems()).toMatchObject([{ reason: "invalid_recipient", item: 0 }]);
    expect((await own({ recipient })).status).toBe(400);
    expect(await jsonOf(await listmonk({ email: recipient }))).toEqual({ message: "Invalid email." });
    expect(await journal()).toEqual([]);
  });

  it("of another type than text is none", async () => {
    for (const recipient of [["john@example.com"], { address: "john@example.com" }, true, null]) {
      expect(await jsonOf(await inboxroad({ rcpt: recipient }))).toMatchObject({ received: 0, quarantined: 1 });
      expect((await own({ recipient })).status).toBe(400);
      expect((await listmonk({ email: recipient })).status).toBe(400);
    }
    expect(await journal()).toEqual([]);
  });

  it("behind a name that is longer than anything is kept by its address", async () => {
    await inboxroad({ rcpt: `"${"x".repeat(500_000)}" <John@Example.com>` });
    expect(await theEvent()).toMatchObject({ recipient: "john@example.com", class: "hard" });
  });
});

describe("a time", () => {
  it.each<[string, unknown]>([
    ["in the future", START_MS / 1000 + 86_400],
    ["in the year 5138", 99_999_999_999],
    ["beyond any number", 1e300],
    ["in 1970", 1],
    ["at the very beginning", 0],
    ["before the beginning", -1_000_000],
    ["that is none", "yesterday"],
    ["that is empty", ""],
    ["that is a list", [1]],
    ["that is missing", undefined],
  ])("%s is the time of reception", async (_what, timeLogged) => {
    expect(await jsonOf(await inboxroad({ timeLogged }))).toMatchObject({ new: 1 });
    expect(await theEvent()).toMatchObject({ occurredAt: RECEIVED, receivedAt: RECEIVED });
  });

  it.each(["2099-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z"])(
    "that cannot be is the time of reception in our own format and in listmonk's: %s",
    async (time) => {
      expect(await jsonOf(await own({ occurredAt: time }))).toMatchObject({ new: 1 });
      expect(await jsonOf(await listmonk({ created_at: time }))).toEqual({ data: true });
      for (const event of await journal()) expect(event.occurredAt).toBe(RECEIVED);
      expect(await countOf("events")).toBe(2);
    },
  );

  it("that is none is refused in our own format and in listmonk's", async () => {
    expect((await own({ occurredAt: "yesterday" })).status).toBe(400);
    expect((await listmonk({ created_at: "yesterday" })).status).toBe(400);
    expect(await journal()).toEqual([]);
  });
});

it("a type that nobody knows is kept of a provider, and refused to others", async () => {
  for (const type of ["zz", "B", "", " ", 7, null, {}, "constructor", "__proto__", "toString"]) {
    expect(await jsonOf(await inboxroad({ type }))).toMatchObject({ received: 0, quarantined: 1 });
    expect((await own({ kind: type })).status).toBe(400);
    expect(await jsonOf(await listmonk({ type }))).toEqual({ message: expect.stringMatching(/^Invalid/) });
  }
  expect((await keptItems()).map((item) => item.reason)).toEqual(Array(10).fill("unknown_kind"));
  expect(await journal()).toEqual([]);
});

describe("NUL bytes and unpaired surrogates", () => {
  const bad = "a\u0000b\ud800c\udfff";
  const clean = "ab\ufffdc\ufffd";

  it("in any field of a provider's record are replaced, and the event is recorded", async () => {
    const fields = ["orig", "dsnDiag", "dsnMta", "bounceCat", "jobId", "header_Message-Id", "envId", "vmta", bad];
    const change = Object.fromEntries(fields.map((field) => [field, bad]));
    expect(await jsonOf(await inboxroad({ ...change, timeLogged: bad, dsnStatus: `5.1.1 ${bad}` }))).toMatchObject({
      new: 1,
    });
    expect(await theEvent()).toMatchObject({
      envelopeSender: clean,
      diagnosticCode: clean,
      remoteMta: clean,
      hint: clean,
      campaign: clean,
      messageId: clean,
      statusCode: "5.1.1",
    });
    expect((await jsonOf(await api("/v1/events?campaign=ab%EF%BF%BDc%EF%BF%BD"))).items).toHaveLength(1);
  });

  it("in any field of our own format are replaced, and the event is recorded", async () => {
    const fields = ["category", "messageId", "diagnosticCode", "remoteMta", "envelopeSender", "campaign"];
    const change = Object.fromEntries(fields.map((field) => [field, bad]));
    const event = { ...change, id: bad, internetMessageId: bad, tags: [bad, "\u0000"], metadata: { [bad]: bad } };
    expect(await jsonOf(await own(event))).toMatchObject({ new: 1 });
    const wanted = Object.fromEntries(fields.map((field) => [field, clean]));
    expect(await theEvent()).toMatchObject({ ...wanted, tags: [clean], class: "hard" });
    expect(await jsonOf(await own(event))).toMatchObject({ duplicate: 1 });
  });

  it("in any field of listmonk's are replaced, and the bounce is recorded", async () => {
    const answer = await listmonk({ source: bad, campaign_uuid: bad, meta: { key: bad } });
    expect(await jsonOf(answer)).toEqual({ data: true });
    expect(await theEvent()).toMatchObject({ campaign: clean, class: "hard" });
  });

  it("in an operator's note are replaced, and the note is kept", async () => {
    const block = () => api("/v1/suppressions/noted%40example.com", { method: "PUT", json: { note: bad } });
    const response = await block();
    expect(response.status).toBe(200);
    const blocked = await jsonOf(response);
    expect(blocked).toMatchObject({ reasons: ["manual"], note: clean });
    // The same block again changes nothing.
    expect(await jsonOf(await block())).toEqual(blocked);
  });
});

describe("numbers", () => {
  const LONG = "104427216766056450123";

  it("beyond 2^53 keep their digits", async () => {
    const record = `{"type":"b","rcpt":"john@example.com","envId":${LONG},"jobId":-${LONG},"timeLogged":${LONG}}`;
    expect(await jsonOf(await postText(record))).toMatchObject({ new: 1 });
    expect(await theEvent()).toMatchObject({ messageId: LONG, campaign: `-${LONG}`, occurredAt: RECEIVED });
  });

  it("beyond 2^53 keep their digits in metadata, and are no text where text is asked for", async () => {
    const body = (field: string) => `{"kind":"deferred","recipient":"john@example.com",${field}}`;
    expect((await api("/v1/events", { body: body(`"metadata":{"order":${LONG}}`) })).status).toBe(200);
    expect((await theEvent()).metadata).toEqual({ order: LONG });
    expect((await api("/v1/events", { body: body('"campaign":7') })).status).toBe(400);
    const meta = `{"email":"jane@example.com","type":"hard","meta":{"id":${LONG}}}`;
    expect((await api("/webhooks/bounce", { body: meta, headers: PROOF })).status).toBe(200);
    expect((await journal())[0].metadata).toEqual({ id: LONG });
  });
});

describe("keys", () => {
  it("that come twice count by the last of them", async () => {
    const twice = (name: string, field: string) =>
      `"${name}":"first","${name}":"bounced","${field}":"first@example.com","${field}":"last@example.com"`;
    const record = `{${twice("x", "rcpt")},"type":"d","type":"b"}`;
    expect(await jsonOf(await postText(record))).toMatchObject({ new: 1 });
    const event = `{${twice("kind", "recipient")}}`;
    expect(await jsonOf(await api("/v1/events", { body: event }))).toMatchObject({ new: 1 });
    const bounced = `{${twice("x", "email")},"type":"complaint","type":"hard"}`;
    expect((await api("/webhooks/bounce", { body: bounced, headers: PROOF })).status).toBe(200);
    const seen = (await journal()).map((item) => [item.kind, item.recipient]);
    expect(seen).toEqual(Array(3).fill(["bounced", "last@example.com"]));
  });

  it("of the prototype are keys like any other", async () => {
    const hostile = '"__proto__":{"polluted":true,"type":"d"},"constructor":{"prototype":{"polluted":true}}';
    expect(await jsonOf(await postText(`{${hostile},"type":"b","rcpt":"john@example.com"}`))).toMatchObject({ new: 1 });
    const event = `{${hostile},"kind":"bounced","class":"hard","recipient":"jane@example.com","metadata":{${hostile},"a":1}}`;
    expect(await jsonOf(await api("/v1/events", { body: event }))).toMatchObject({ new: 1 });
    const bounced = `{${hostile},"email":"joe@example.com","type":"hard","meta":{${hostile},"a":1}}`;
    expect((await api("/webhooks/bounce", { body: bounced, headers: PROOF })).status).toBe(200);
    const items = await journal();
    expect(items.map((item) => item.kind)).toEqual(["bounced", "bounced", "bounced"]);
    expect(items[1]?.metadata).toMatchObject({ a: 1 });
    expect("polluted" in {}).toBe(false);
  });

  it("by the thousands are no reason to fail", async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key-${i}`, i]));
    expect(await jsonOf(await inboxroad(many))).toMatchObject({ new: 1 });
    expect(await jsonOf(await own({ ...many, metadata: many }))).toMatchObject({ new: 1 });
    expect((await journal())[0].metadata).toBeNull();
  });
});

describe("too much of something", () => {
  const long = "x".repeat(1_000_000);

  it("is cut off in a provider's record, of which the bytes are kept", async () => {
    const fields = ["orig", "dsnDiag", "dsnMta", "bounceCat", "jobId", "header_Message-Id"];
    const change = Object.fromEntries(fields.map((field) => [field, long]));
    expect(await jsonOf(await inboxroad(change))).toMatchObject({ new: 1 });
    const event = await theEvent();
    const cut = ["envelopeSender", "remoteMta", "hint", "campaign", "messageId"].map((field) => [
      field,
      "x".repeat(998),
    ]);
    expect(event).toMatchObject({ diagnosticCode: "x".repeat(4_000), ...Object.fromEntries(cut) });
    expect(await jsonOf(await inboxroad({ ...change, jobId: `${long}y` }))).toMatchObject({ duplicate: 1 });
  });

  it("is refused in our own format, by the name of the field", async () => {
    for (const field of ["messageId", "diagnosticCode", "campaign", "id", "recipient"]) {
      const problem = await jsonOf(await own({ [field]: long }));
      expect(problem).toMatchObject({ status: 400, detail: expect.stringContaining(`${field}: `) });
      expect(JSON.stringify(problem).length).toBeLessThan(1_000);
    }
    expect((await jsonOf(await own({ tags: Array(5_000).fill("tag") }))).detail).toContain("tags: ");
    expect(await journal()).toEqual([]);
  });

  it("is cut off of a provider's tags, and of metadata left out", async () => {
    const tags = Array.from({ length: 5_000 }, (_, i) => `tag-${i}`);
    const call = { type: "delivery", id: "s1", recipient: "tags@example.com", tags: tags.join(";") };
    const path = "/webhooks/smtpeter?token=smtpeter-secret";
    expect(await jsonOf(await api(path, { body: new URLSearchParams(call).toString() }))).toMatchObject({ new: 1 });
    expect((await theEvent()).tags).toEqual(tags.slice(0, 50));
    expect(await jsonOf(await listmonk({ meta: { log: long } }))).toEqual({ data: true });
    expect((await journal())[0].metadata).toBeNull();
  });
});
