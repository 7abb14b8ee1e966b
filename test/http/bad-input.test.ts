import { beforeEach, describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { readBody } from "../../src/http/body";
import { bounce, delivery } from "../support/pmta";
import { START_MS, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { ADMIN, api, jsonOf } from "../support/worker";
import { emptyJournal, expectKept, keptItems } from "./kept";

type Body = string | Uint8Array;

const MEGABYTE = 1024 * 1024;
const LIMIT_BYTES = 10 * MEGABYTE;
const PROOF = { authorization: `Basic ${base64Of(utf8Bytes("listmonk:listmonk-token"))}` };

setStage();
beforeEach(emptyJournal);

const send = (path: string, headers: Record<string, string>) => (body: BodyInit, contentType?: string) =>
  api(path, { body, headers: contentType === undefined ? headers : { ...headers, "content-type": contentType } });
const inboxroad = send("/webhooks/inboxroad?token=inboxroad-secret", {});
const events = send("/v1/events", ADMIN);
const listmonk = send("/webhooks/bounce", PROOF);

const about = { recipient: "john@example.com", message: "m1", at: START_MS - 60_000 };
const record = JSON.stringify([bounce("hard", about)]);
const bytesOf = (body: Body) => (typeof body === "string" ? utf8Bytes(body) : body);
const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

const UNREADABLE: [what: string, body: Body, reason: string][] = [
  ["nothing", "", "empty_body"],
  ["white space", " \r\n\t ", "empty_body"],
  ["JSON that was cut off", record.slice(0, -20), "invalid_json"],
  ["JSON and something after it", `${record}]`, "invalid_json"],
  ["words", "Hello, world!", "invalid_json"],
  ["a form", "type=b&rcpt=john%40example.com", "invalid_json"],
  ["a multipart form", '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n[]\r\n--x--', "invalid_json"],
  ["100,000 arrays in each other", nested("[", "]", 100_000), "too_deep"],
  ["100,000 objects in each other", nested('{"a":', "}", 100_000).replace("}", "1}"), "too_deep"],
  ["100,000 arrays that never end", "[".repeat(100_000), "invalid_json"],
  [
    "a record with 100,000 levels in a field",
    record.replace('"b"', `"b","x":${nested("[", "]", 100_000)}`),
    "too_deep",
  ],
  ["bytes that are no UTF-8", Uint8Array.of(0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d), "invalid_utf8"],
  ["a letter that was cut off", bytesOf("[“").slice(0, -1), "invalid_utf8"],
  ["UTF-16", Uint8Array.from([0xff, 0xfe, ...[..."[]"].flatMap((c) => [c.charCodeAt(0), 0])]), "invalid_utf8"],
  ["NUL bytes", new Uint8Array(1_000), "invalid_json"],
];

describe("a body that cannot be read", () => {
  it.each(UNREADABLE)("is acknowledged to a provider and kept, byte for byte: %s", async (_what, body, reason) => {
    const response = await inboxroad(body);
    expect(response.status).toBe(200);
    expect(await jsonOf(response)).toMatchObject({ received: 0, quarantined: 1 });
    await expectKept(bytesOf(body), { provider: "inboxroad", item: null, reason });
    expect(await countOf("events")).toBe(0);
  });

  it.each(UNREADABLE)("is a 400 for an operator and for listmonk's API, and not kept: %s", async (_what, body) => {
    const own = await events(body);
    expect(own.status).toBe(400);
    expect(await jsonOf(own)).toMatchObject({ status: 400, code: "invalid_json", detail: expect.any(String) });
    const native = await listmonk(body);
    expect(native.status).toBe(400);
    expect(await jsonOf(native)).toEqual({ message: expect.stringMatching(/^Invalid data:/) });
    expect(await countOf("receipts")).toBe(0);
  });
});

describe("a body that is JSON and no record", () => {
  it.each(["null", "7", '"text"', "true", "{}", "[null]", "[[]]", '[{"__proto__":{"type":"b"}}]'])(
    "is kept of a provider, refused to others: %s",
    async (body) => {
      expect(await jsonOf(await inboxroad(body))).toMatchObject({ received: 0, quarantined: 1 });
      await expectKept(bytesOf(body), { provider: "inboxroad", item: 0 });
      const own = await jsonOf(await events(body));
      expect(own).toMatchObject({ status: 400, code: "invalid_events", errors: [{ index: 0 }] });
      expect((await listmonk(body)).status).toBe(400);
      expect(await countOf("receipts")).toBe(1);
    },
  );

  it("is nothing at all where it is an empty list", async () => {
    expect(await jsonOf(await inboxroad("[]"))).toMatchObject({ received: 0, ignored: 0, quarantined: 0 });
    expect((await jsonOf(await events("[]"))).code).toBe("invalid_events");
    expect((await listmonk("[]")).status).toBe(400);
    expect(await countOf("receipts")).toBe(0);
  });
});

it.each([
  undefined,
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "no type",
])("a content type says nothing: what the bytes say is read, whether it is %j", async (type) => {
  expect(await jsonOf(await inboxroad(record, type))).toMatchObject({ new: 1 });
  const own = await events('{"kind":"bounced","class":"hard","recipient":"own@example.com"}', type);
  expect(await jsonOf(own)).toMatchObject({ new: 1 });
  expect(await jsonOf(await listmonk('{"email":"list@example.com","type":"hard"}', type))).toEqual({ data: true });
  expect(await countOf("events")).toBe(3);
});

describe("a body of 20 MB", () => {
  const huge = new Uint8Array(20 * MEGABYTE).fill(0x20);

  it.each<[string, typeof inboxroad]>([
    ["a webhook", inboxroad],
    ["the events' route", events],
    ["listmonk's API", listmonk],
  ])("is a 413 at %s, also where nothing says how long it is, and is not kept", async (_where, post) => {
    for (const body of [huge, new Blob([huge]).stream()]) {
      const response = await post(body, "application/json");
      expect(response.status).toBe(413);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await jsonOf(response)).toMatchObject({
        code: "body_too_large",
        detail: expect.stringContaining(`${LIMIT_BYTES}`),
      });
    }
    expect(await countOf("receipts")).toBe(0);
  });

  it.each(["check", "suppressions/bulk", "notifications", "policy/simulate", "rebuild"])(
    "is a 413 at /v1/%s, also where nothing says how long it is",
    async (path) => {
      for (const body of [huge, new Blob([huge]).stream()]) {
        const response = await send(`/v1/${path}`, ADMIN)(body, "application/json");
        expect([response.status, (await jsonOf(response)).code]).toEqual([413, "body_too_large"]);
      }
    },
  );

  it("is not read where its header says how long it is", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (pulled++ < 40) controller.enqueue(huge.subarray(0, MEGABYTE / 2));
        else controller.close();
      },
    });
    const headers = { "content-length": String(huge.length) };
    const request = new Request("https://bounce.example.com/", { method: "POST", headers, body });
    await expect(readBody(request)).rejects.toThrow("body_too_large");
    expect(pulled).toBeLessThan(3);
  });

  it("is one thing, a body at the limit another", async () => {
    const atTheLimit = utf8Bytes(record + " ".repeat(LIMIT_BYTES - record.length));
    expect(await jsonOf(await inboxroad(atTheLimit))).toMatchObject({ new: 1 });
    expect((await inboxroad(utf8Bytes(record + " ".repeat(LIMIT_BYTES + 1 - record.length)))).status).toBe(413);
  });
});

describe("a batch", () => {
  it("is recorded but for the records that are bad, which are kept by their places", async () => {
    const good = (i: number) => ({ ...about, recipient: `good-${i}@example.com`, message: `good-${i}` });
    const noAddress = { ...bounce("hard", about), rcpt: "nobody" };
    const batch = [bounce("hard", good(1)), { type: "b" }, 7, noAddress, { type: "zz" }, delivery(good(2))];
    const answer = await jsonOf(await inboxroad(JSON.stringify(batch)));
    expect(answer).toEqual({ received: 2, new: 2, duplicate: 0, ignored: 0, quarantined: 4, pending: 0 });
    const kept = (await keptItems()).sort((a, b) => Number(a.item) - Number(b.item));
    expect(kept.map(({ item, reason }) => [item, reason])).toEqual([
      [1, "no_recipient"],
      [2, "not_an_object"],
      [3, "invalid_recipient"],
      [4, "unknown_kind"],
    ]);
    await expectKept(utf8Bytes(JSON.stringify(batch)), {});
    expect(JSON.stringify(kept)).not.toContain("nobody");
  });

  it("of lines is recorded but for the line that was cut off", async () => {
    const line = JSON.stringify(bounce("hard", about));
    const body = `${line}\n${line.slice(0, 40)}`;
    expect(await jsonOf(await inboxroad(body))).toMatchObject({ new: 1, quarantined: 1 });
    await expectKept(utf8Bytes(body), { item: 1, reason: "invalid_json" });
  });

  it("of ten thousand bad records and one good one is kept, and the good one recorded", async () => {
    const batch = JSON.stringify([...Array(10_000).fill(7), bounce("hard", about)]);
    expect(await jsonOf(await inboxroad(batch))).toMatchObject({ new: 1, quarantined: 10_000 });
    expect(await countOf("quarantine")).toBe(10_000);
    expect(await countOf("receipt_bodies")).toBe(1);
    expect(await countOf("events")).toBe(1);
  });

  it.each([
    ["events", '{"type":"d","rcpt":"john@example.com"}'],
    ["bad records", "7"],
  ])("of more than 100,000 %s is a 413 and not kept", async (_what, one) => {
    const response = await inboxroad(`[${`${one},`.repeat(100_000)}${one}]`);
    expect(response.status).toBe(413);
    expect((await jsonOf(response)).code).toBe("too_many_events");
    expect(await countOf("receipts")).toBe(0);
  });
});
