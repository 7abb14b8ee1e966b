import { describe, expect, it } from "vitest";
import type { Page, QuarantineItem } from "../../src/client/types";
import { DAY_MS, pass, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { ADMIN, api, jsonOf, testEnv } from "../support/worker";

interface Result {
  readonly index: number;
  readonly status: string;
  readonly id: string | null;
  readonly error: string | null;
}

interface Results {
  readonly items: readonly Result[];
}

setStage();

const post = (json: unknown, headers: Record<string, string> = {}) =>
  api("/v1/events", { json, headers: { ...ADMIN, ...headers } });
const postText = (body: string, type = "application/x-ndjson") =>
  api("/v1/events", { body, headers: { ...ADMIN, "content-type": type } });
const statuses = (answer: Results) => answer.items.map((item) => item.status);
const eventsOf = async (recipient: string) =>
  (await jsonOf(await api(`/v1/events?recipient=${encodeURIComponent(recipient)}`))).items;
const checkOf = async (recipient: string) =>
  jsonOf(await api(`/v1/check?recipient=${encodeURIComponent(recipient)}&consistency=strong`));
const bounce = (recipient: string, more: object = {}) => ({ kind: "bounced", class: "hard", recipient, ...more });

describe("a body", () => {
  it("of one event is recorded and answered", async () => {
    const response = await post(bounce("one@example.com"));
    expect(response.status).toBe(200);
    const [event] = await eventsOf("one@example.com");
    expect(await jsonOf(response)).toEqual({
      received: 1,
      new: 1,
      duplicate: 0,
      ignored: 0,
      quarantined: 0,
      pending: 0,
      items: [{ index: 0, status: "new", id: event.id, error: null }],
    });
  });

  it("of several is recorded in order, each with a result", async () => {
    const answer = await jsonOf<Results>(await post([bounce("a1@example.com"), bounce("a2@example.com")]));
    expect(answer).toMatchObject({ received: 2, new: 2 });
    expect(answer.items.map((item) => item.index)).toEqual([0, 1]);
    expect((await eventsOf("a2@example.com"))[0].id).toBe(answer.items[1]?.id);
  });

  it.each<[string, string]>([
    ["application/x-ndjson", "\n"],
    ["application/json", "\r\n"],
    ["text/plain", "\n\n \n"],
  ])("of one event a line is read line by line, also as %s", async (type, lineEnd) => {
    const recipients = ["x", "y"].map((name) => `${name}-${type.length}@example.com`);
    const lines = recipients.map((recipient) => JSON.stringify(bounce(recipient)));
    const response = await postText(lines.join(lineEnd) + lineEnd, type);
    expect(statuses(await jsonOf(response))).toEqual(["new", "new"]);
    for (const recipient of recipients) expect(await eventsOf(recipient)).toHaveLength(1);
  });

  it("may begin with a byte order mark", async () => {
    expect((await postText(`\ufeff${JSON.stringify(bounce("bom@example.com"))}`)).status).toBe(200);
    expect(await eventsOf("bom@example.com")).toHaveLength(1);
  });
});

describe("the kinds", () => {
  it.each<[string, object, string[]]>([
    ["delivered", {}, []],
    ["deferred", {}, []],
    ["bounced", { class: "hard" }, ["hard"]],
    ["bounced", { class: "soft" }, []],
    ["bounced", { class: "expired" }, []],
    ["bounced", { class: "block" }, []],
    ["bounced", { class: "undetermined" }, []],
    ["complained", {}, ["complaint"]],
    ["unsubscribed", {}, ["unsubscribe"]],
    ["rejected", { category: "bounced" }, ["hard"]],
    ["rejected", { category: "complained" }, ["complaint"]],
    ["rejected", { category: "unsubscribed" }, ["unsubscribe"]],
    ["rejected", { category: "policy" }, []],
    ["auto_reply", {}, []],
    ["manual_block", { metadata: { note: "by script" } }, ["manual"]],
    ["manual_release", {}, []],
    ["manual_allow", {}, []],
    ["manual_disallow", {}, []],
  ])("%s %j is recorded and has its effect", async (kind, more, reasons) => {
    const recipient = `${[kind, ...Object.values(more)].join("-").replaceAll(/\W+/g, "-")}@kinds.example.com`;
    expect(await jsonOf(await post({ kind, recipient, ...more }))).toMatchObject({ new: 1, pending: 0 });
    expect(await eventsOf(recipient)).toMatchObject([
      { kind, provider: "api", connection: "default", recipient, ...more },
    ]);
    expect((await checkOf(recipient)).reasons).toEqual(reasons);
  });

  it("of a bounce without a class is classified by its codes and its text", async () => {
    const diagnosticCode = "smtp; 550 5.1.1 The email account that you tried to reach does not exist";
    await post({ kind: "bounced", recipient: "text@example.com", diagnosticCode });
    await post({ kind: "bounced", recipient: "code@example.com", statusCode: "5.2.2", replyCode: "552" });
    await post({ kind: "bounced", recipient: "nothing@example.com" });
    expect((await eventsOf("text@example.com"))[0]).toMatchObject({ class: "hard", diagnosticCode, hint: null });
    expect((await eventsOf("code@example.com"))[0]).toMatchObject({ class: "soft", rule: "status:5.2.2" });
    expect((await eventsOf("nothing@example.com"))[0]).toMatchObject({ class: "undetermined", rule: "none" });
  });
});

describe("an event is recorded once", () => {
  const results = async (json: unknown, headers?: Record<string, string>) =>
    statuses(await jsonOf(await post(json, headers)));

  it("by its own id, whatever else of it changes, for each recipient and kind", async () => {
    expect(await results(bounce("id@example.com", { id: "42" }))).toEqual(["new"]);
    expect(await results(bounce("ID@example.com", { id: "42", messageId: "m", class: "soft" }))).toEqual(["duplicate"]);
    expect(await results(bounce("other@example.com", { id: "42" }))).toEqual(["new"]);
    expect(await results({ kind: "complained", recipient: "id@example.com", id: "42" })).toEqual(["new"]);
    expect(await results(bounce("id@example.com", { id: "42" }), { "idempotency-key": "k" })).toEqual(["duplicate"]);
    expect(await eventsOf("id@example.com")).toHaveLength(2);
  });

  it("by the request's Idempotency-Key and its place in the body", async () => {
    const key = { "idempotency-key": "nightly-2030-01-15" };
    const events = [bounce("key@example.com"), bounce("key@example.com")];
    expect(await results(events, key)).toEqual(["new", "new"]);
    expect(await results(events, key)).toEqual(["duplicate", "duplicate"]);
    expect(await results(events, { "idempotency-key": "nightly-2030-01-16" })).toEqual(["new", "new"]);
    pass(DAY_MS);
    expect(await results(events, key)).toEqual(["duplicate", "duplicate"]);
  });

  it("by what it says and when it happened, whenever it is told", async () => {
    const event = bounce("content@example.com", { occurredAt: "2026-01-05T10:00:00Z", messageId: "m" });
    expect(await results(event)).toEqual(["new"]);
    pass(DAY_MS);
    expect(await results(event)).toEqual(["duplicate"]);
    expect(await results({ ...event, occurredAt: "2026-01-05T10:00:01Z" })).toEqual(["new"]);
    expect(await results({ ...event, messageId: "n" })).toEqual(["new"]);
  });

  it("by what it says and the day, where it has no time", async () => {
    expect(await results(bounce("day@example.com"))).toEqual(["new"]);
    expect(await results(bounce("day@example.com"))).toEqual(["duplicate"]);
    expect(await results(bounce("day@example.com", { campaign: "spring" }))).toEqual(["new"]);
    pass(DAY_MS);
    expect(await results(bounce("day@example.com"))).toEqual(["new"]);
  });

  it("within one body too: the first is new, the others are duplicates", async () => {
    const event = bounce("twice@example.com", { id: "twice" });
    const answer = await jsonOf<Results>(await post([event, event, event]));
    expect(answer).toMatchObject({ received: 3, new: 1, duplicate: 2 });
    expect(statuses(answer)).toEqual(["new", "duplicate", "duplicate"]);
    expect(new Set(answer.items.map((item) => item.id)).size).toBe(1);
  });

  it("and not at all where the key is longer than a key may be", async () => {
    const response = await post(bounce("long-key@example.com"), { "idempotency-key": "k".repeat(256) });
    expect(response.status).toBe(400);
    expect(await eventsOf("long-key@example.com")).toEqual([]);
  });
});

describe("invalid events", () => {
  it("are named one by one and kept, and do not hold up the valid ones", async () => {
    const body = [bounce("good@example.com"), { kind: "bounced" }, bounce("nobody"), bounce("good2@example.com"), 7];
    const response = await post(body);
    expect(response.status).toBe(200);
    const answer = await jsonOf<Results>(response);
    expect(answer).toMatchObject({ received: 2, new: 2, quarantined: 3 });
    expect(statuses(answer)).toEqual(["new", "invalid", "invalid", "new", "invalid"]);
    expect(answer.items[1]).toMatchObject({ index: 1, id: null, error: expect.stringContaining("recipient") });
    const { items: kept } = await jsonOf<Page<QuarantineItem>>(await api("/v1/quarantine"));
    expect(kept.map(({ item }) => item).sort()).toEqual([1, 2, 4]);
    expect(kept[0]).toMatchObject({ provider: "api", connection: "default", bodyBytes: JSON.stringify(body).length });
    const bytes = await api(`/v1/quarantine/${kept[0]?.id}/body`);
    expect(new TextDecoder().decode(await bytes.arrayBuffer())).toBe(JSON.stringify(body));
  });

  it("alone are refused with 400, each with its place, and nothing is kept", async () => {
    const before = await countOf("receipts");
    const response = await post([{ kind: "bounced" }, bounce("nobody"), null]);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await jsonOf<{ errors: { index: number; message: string }[] }>(response);
    expect(problem).toMatchObject({ status: 400, code: "invalid_events", detail: problem.errors[0]?.message });
    expect(problem.errors.map((error) => error.index)).toEqual([0, 1, 2]);
    expect(await countOf("receipts")).toBe(before);
  });

  it("do not stop a line-wise body where one line is cut off", async () => {
    const lines = [bounce("l1@example.com"), bounce("l2@example.com")].map((event) => JSON.stringify(event));
    const answer = await jsonOf<Results>(await postText(`${lines.join("\n")}\n{"kind":"boun`));
    expect(statuses(answer)).toEqual(["new", "new", "invalid"]);
  });

  it.each<[string, object, string]>([
    ["no kind", { kind: undefined }, "kind"],
    ["a kind that is none", { kind: "opened" }, "kind"],
    ["a class that is none", { class: "permanent" }, "class"],
    ["a class on what is no bounce", { kind: "delivered" }, "class"],
    ["no recipient", { recipient: undefined }, "recipient"],
    ["an empty recipient", { recipient: "" }, "recipient"],
    ["a recipient that is no text", { recipient: ["a@example.com"] }, "recipient"],
    ["a time that is none", { occurredAt: "yesterday" }, "occurredAt"],
    ["a time without a zone", { occurredAt: "2026-01-05T10:00:00" }, "occurredAt"],
    ["a time as a number", { occurredAt: 1_767_607_200 }, "occurredAt"],
    ["a day that does not exist", { occurredAt: "2026-02-30T10:00:00Z" }, "occurredAt"],
    ["a status code that is none", { statusCode: "550" }, "statusCode"],
    ["a reply code that is none", { replyCode: "5.1.1" }, "replyCode"],
    ["a number for a message id", { messageId: 7 }, "messageId"],
    ["an empty id", { id: "" }, "id"],
    ["tags that are no list", { tags: "a" }, "tags"],
    ["a tag that is no text", { tags: ["a", 1] }, "tags.1"],
    ["metadata that is no object", { metadata: ["a"] }, "metadata"],
  ])("are told apart by the field: %s", async (_what, change, field) => {
    const problem = await jsonOf(await post({ ...bounce("field@example.com"), ...change }));
    expect(problem).toMatchObject({
      status: 400,
      code: "invalid_events",
      detail: expect.stringContaining(`${field}: `),
    });
  });

  it.each<[string, string]>([
    ["no event", "[]"],
    ["null", "null"],
    ["a text", '"bounced"'],
  ])("are what a body of %s holds", async (_what, body) => {
    expect(await jsonOf(await postText(body))).toMatchObject({ status: 400, code: "invalid_events" });
  });
});

it("answers 503 while the policy is unusable, and records nothing", async () => {
  const env = testEnv({ POLICY: { soft_threshold: "five" } });
  const response = await api("/v1/events", { json: bounce("policy@example.com"), env });
  expect(response.status).toBe(503);
  expect(await jsonOf(response)).toMatchObject({
    code: "config_invalid",
    detail: expect.stringContaining("soft_threshold"),
  });
  expect(await eventsOf("policy@example.com")).toEqual([]);
});
