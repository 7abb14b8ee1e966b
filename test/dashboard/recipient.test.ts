/** The page of a recipient: the verdict in words, and what can be done. */
import { beforeEach, describe, expect, it } from "vitest";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { api, freshStores, jsonOf, ORIGIN, testEnv } from "../support/worker";

const JOHN = "/dashboard/recipients/john%40example.com";

const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const john = (extra: object) => ({ recipient: "john@example.com", ...extra });
const hard = john({
  kind: "bounced",
  class: "hard",
  diagnosticCode: "smtp; 550 5.1.1 user unknown",
  remoteMta: "dns; mx.example.net",
});
const isSuppressed = async (recipient = "john@example.com") =>
  (await jsonOf(await api(`/v1/check?consistency=strong&recipient=${encodeURIComponent(recipient)}`))).suppressed;
/** What a reader reads: without tags, and with single spaces. */
const textOf = (html: string) =>
  html
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replace(/\s+/g, " ");
const read = async (one: Visitor, path = JOHN) => textOf(await one.html(path));

let one: Visitor;
setStage();
beforeEach(async () => {
  await freshStores();
  one = await visitor();
});

describe("the verdict", () => {
  it("says who said what, and since when", async () => {
    await record(hard);
    expect(await read(one)).toMatch(
      /Suppressed since 2030-01-1\d \d\d:\d\d UTC because mx\.example\.net said 550 5\.1\.1 user unknown/,
    );
  });

  it("counts the soft bounces, and says what was said at the last one", async () => {
    const soft = (i: number) =>
      john({ kind: "bounced", class: "soft", messageId: `m${i}`, diagnosticCode: "452 full" });
    await record(soft(1), soft(2), soft(3));
    expect(await read(one)).toContain("Nothing stands against mailing it. Soft bounces 3 of 5");
    await record(soft(4), soft(5));
    expect(await read(one)).toMatch(/Suppressed since .* after 5 soft bounces\. At the last one .* said 452 full/);
  });

  it.each<[string, object, RegExp]>([
    ["a complaint", { kind: "complained" }, /because the recipient reported a message as spam/],
    ["an opt-out", { kind: "unsubscribed" }, /because the recipient unsubscribed/],
    [
      "a provider's own list",
      { kind: "rejected", category: "bounced", diagnosticCode: "on our list" },
      /refused to send: on our list/,
    ],
    ["a bounce without words", { kind: "bounced", class: "hard" }, /because .* said so/],
  ])("names %s", async (_, event, words) => {
    await record(john(event));
    expect(await read(one)).toMatch(words);
  });

  it("says how far a probation has come, and does not take the probe by showing it", async () => {
    const env = testEnv({ POLICY: { soft_threshold: 1, probation: { enabled: true } } });
    const soft = (messageId: string) => john({ kind: "bounced", class: "soft", messageId });
    const readThere = async () => read(await visitor(env));
    const post = async (event: object) => expect((await api("/v1/events", { json: event, env })).status).toBe(200);
    await post(soft("m1"));
    expect(await readThere()).toMatch(/On probation: step 1 of 4\. The next check after \d.* may send one message\./);
    pass(DAY_MS);
    expect(await readThere()).toContain("step 1 of 4. The next check of this address may send one message.");
    expect(await jsonOf(await api("/v1/check?recipient=john@example.com", { env }))).toMatchObject({ probe: true });
    expect(await readThere()).toMatch(
      /was allowed to send one message at .* If nothing is heard, the next check after/,
    );
    pass(MINUTE_MS);
    await post(soft("m2"));
    expect(await readThere()).toMatch(/step 2 of 4\. The next check after/);
    expect(textOf(await (await visitor(env)).html("/dashboard/suppressions"))).toContain("on probation");
    pass(-DAY_MS - MINUTE_MS);
  });

  it("is that of the domain, where that is blocked", async () => {
    await api("/v1/suppressions/%40example.com", { method: "PUT" });
    expect(await read(one)).toContain("Suppressed, because the whole domain @example.com is blocked.");
    expect(await read(one, "/dashboard/recipients/%40example.com")).toContain("because an operator blocked it");
  });

  it("stands above everything that happened, newest first, each with its receipt", async () => {
    const at = (day: number) => new Date(Date.now() - day * DAY_MS).toISOString();
    await record({ ...hard, occurredAt: at(1) }, john({ kind: "delivered", occurredAt: at(2) }));
    const page = await one.html(JOHN);
    expect(page.indexOf("hard bounce</span>", page.indexOf("What happened"))).toBeLessThan(
      page.indexOf("delivered</span>", page.indexOf("What happened")),
    );
    expect(page).toContain('href="/dashboard/receipts/1"');
    expect(textOf(await one.html("/dashboard/receipts/1"))).toContain("550 5.1.1 user unknown");
  });
});

describe("blocking by hand", () => {
  it("takes effect at once, with its note, and can be undone", async () => {
    const response = await one.post(`${JOHN}/block`, { note: "asked by phone" }, JOHN);
    expect(doneOf(response)).toBe("blocked");
    expect(await isSuppressed()).toBe(true);
    const page = await one.html(response.headers.get("location") ?? "");
    expect(textOf(page)).toContain("because an operator blocked it: “ asked by phone ”");
    const undo = /action="(\/dashboard\/batches\/[0-9a-f-]+\/revert)"/.exec(page)?.[1] ?? "";
    expect(doneOf(await one.post(undo, { to: JOHN }, JOHN))).toBe("reverted");
    expect(await isSuppressed()).toBe(false);
    expect(await read(one)).toContain("undone");
  });

  it("may end on a day to come, and on no other", async () => {
    const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
    for (const until of [day(-1), day(0), "nonsense"]) {
      expect(doneOf(await one.post(`${JOHN}/block`, { until }, JOHN))).toBe("bad-time");
    }
    expect(await isSuppressed()).toBe(false);
    expect(doneOf(await one.post(`${JOHN}/block`, { until: day(3) }, JOHN))).toBe("blocked");
    expect(await isSuppressed()).toBe(true);
    pass(4 * DAY_MS);
    expect(await isSuppressed()).toBe(false);
    pass(-4 * DAY_MS);
  });

  it("says so where it is blocked already", async () => {
    await one.post(`${JOHN}/block`, {}, JOHN);
    expect(doneOf(await one.post(`${JOHN}/block`, {}, JOHN))).toBe("blocked-already");
  });

  it.each([
    ["an address", JOHN, "It is not mailed any more"],
    ["a whole domain", "/dashboard/recipients/%40example.com", "Nobody of this domain is mailed any more"],
  ])("says before what it does to %s", async (_, path, words) => {
    expect(await read(one, path)).toContain(words);
  });

  it("takes whole domains too", async () => {
    expect(doneOf(await one.post("/dashboard/recipients/%40example.com/block"))).toBe("blocked");
    expect(await isSuppressed()).toBe(true);
  });
});

describe("a release", () => {
  it("takes effect at once, and its undoing brings the suppression back", async () => {
    await record(hard);
    pass(1_000);
    const response = await one.post(`${JOHN}/release`, { note: "typo at their end" }, JOHN);
    expect(doneOf(response)).toBe("released");
    expect(await isSuppressed()).toBe(false);
    expect(await read(one)).toContain("nothing before that can suppress it");
    const batch = new URL(response.headers.get("location") ?? "", ORIGIN).searchParams.get("batch");
    expect(doneOf(await one.post(`/dashboard/batches/${batch}/revert`, { to: JOHN }))).toBe("reverted");
    expect(await isSuppressed()).toBe(true);
  });

  it("of a complaint needs a confirmation and a note", async () => {
    await record(john({ kind: "complained" }));
    pass(1_000);
    expect(await one.html(JOHN)).toContain('name="force"');
    for (const fields of [{}, { note: "why" }, { force: "yes" }]) {
      expect(doneOf(await one.post(`${JOHN}/release`, fields, JOHN))).toBe("needs-force");
    }
    expect(await isSuppressed()).toBe(true);
    expect(doneOf(await one.post(`${JOHN}/release`, { force: "yes", note: "asked for it" }, JOHN))).toBe("released");
    expect(await isSuppressed()).toBe(false);
  });

  it("of somebody unheard of changes nothing", async () => {
    expect(doneOf(await one.post(`${JOHN}/release`, {}, JOHN))).toBe("not-found");
  });
});

describe("the allow-list", () => {
  it("keeps automatic reasons from suppressing, until it is left", async () => {
    expect(doneOf(await one.post(`${JOHN}/allow`, { note: "our own" }, JOHN))).toBe("allowed");
    await record(hard);
    expect(await isSuppressed()).toBe(false);
    expect(await read(one)).toContain("on the allow-list");
    expect(await read(one, "/dashboard/allow-list")).toContain("john@example.com");
    expect(doneOf(await one.post(`${JOHN}/disallow`, {}, JOHN))).toBe("disallowed");
    expect(await isSuppressed()).toBe(true);
  });

  it("takes no whole domain", async () => {
    expect(doneOf(await one.post("/dashboard/recipients/%40example.com/allow"))).toBe("not-found");
  });
});

describe("erasing", () => {
  it("wants to be confirmed", async () => {
    await record(hard);
    expect(await read(one, `${JOHN}/erase`)).toContain("1 event, the raw bodies");
    expect(doneOf(await one.post(`${JOHN}/erase`, { keep: "no" }, JOHN))).toBe("not-confirmed");
    expect(await isSuppressed()).toBe(true);
  });

  it("leaves nothing, and does not name whom it was about", async () => {
    await record(hard);
    const response = await one.post(`${JOHN}/erase`, { keep: "no", sure: "yes" }, JOHN);
    expect(response.headers.get("location")).toBe("/dashboard/recipients?done=erased");
    expect(await isSuppressed()).toBe(false);
    expect(await read(one)).toContain("Nothing was ever heard of it");
    const audit = await one.html("/dashboard/audit");
    expect(textOf(audit)).toContain("erased");
    expect(audit).not.toContain("john");
  });

  it("keeps the hash suppressed, where that is wished", async () => {
    await record(hard);
    expect(doneOf(await one.post(`${JOHN}/erase`, { sure: "yes" }, JOHN))).toBe("erased-suppressed");
    expect(await isSuppressed()).toBe(true);
    const page = await read(one);
    expect(page).toContain("suppressed");
    expect(page).not.toContain("550 5.1.1");
  });
});

describe("whoever did it", () => {
  it("is named beside it, and in the audit trail", async () => {
    await one.post(`${JOHN}/block`, {}, JOHN);
    const [entry] = (await jsonOf(await api("/v1/audit"))).items;
    expect(entry).toMatchObject({ action: "bulk_block", actorLabel: "dashboard" });
    expect(entry.actor).toMatch(/^[0-9a-f]{8}$/);
    expect(await read(one, "/dashboard/audit")).toContain(entry.actor);
    expect(await read(one)).toContain(`by ${entry.actor}`);
  });
});
