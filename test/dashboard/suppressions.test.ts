/** The list: filtered, sorted, paged, exported; and what is done to what is ticked. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FoundSuppressions, type SuppressionPlace, searchSuppressions } from "../../src/store/suppression-search";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { DAY_MS, START_MS, setStage } from "../support/stage";
import { api, bindings, freshStores, jsonOf, ORIGIN } from "../support/worker";

const PATH = "/dashboard/suppressions";
const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const at = (day: number) => new Date(START_MS - day * DAY_MS).toISOString();
const hard = (recipient: string, day: number) => ({ kind: "bounced", class: "hard", recipient, occurredAt: at(day) });
const isSuppressed = async (recipient: string) =>
  (await jsonOf(await api(`/v1/check?consistency=strong&recipient=${encodeURIComponent(recipient)}`))).suppressed;
const recipientsIn = (html: string) =>
  [...html.matchAll(/name="recipient" value="([^"]*)"/g)].map(([, address]) => address);

setStage();

describe("the list", () => {
  let one: Visitor;
  const shown = async (query: string) => recipientsIn(await one.html(`${PATH}?${query}`));

  beforeAll(async () => {
    await freshStores();
    await record(
      hard("carl@example.com", 1),
      hard("anna@example.net", 2),
      { kind: "complained", recipient: "bert@example.com", occurredAt: at(3) },
      hard("dora@example.org", 4),
    );
    const pmta = [
      { type: "b", rcpt: "emil@example.com", bounceCat: "bad-mailbox", timeLogged: `${START_MS / 1000 - 5 * 86_400}` },
    ];
    const headers = { authorization: "Bearer powermta-secret" };
    expect((await api("/webhooks/powermta", { json: pmta, headers })).status).toBe(200);
    one = await visitor();
  });

  const [anna, bert, carl, dora, emil] = [
    "anna@example.net",
    "bert@example.com",
    "carl@example.com",
    "dora@example.org",
    "emil@example.com",
  ];

  it.each<[string, string[]]>([
    ["", [carl, anna, bert, dora, emil]],
    ["order=oldest", [emil, dora, bert, anna, carl]],
    ["order=address", [anna, bert, carl, dora, emil]],
    ["reason=complaint", [bert]],
    ["reason=hard&order=oldest", [emil, dora, anna, carl]],
    ["domain=example.com", [carl, bert, emil]],
    ["domain=%40EXAMPLE.com&order=oldest", [emil, bert, carl]],
    ["domain=example.com&order=address", [bert, carl, emil]],
    ["source=powermta", [emil]],
    ["source=api&domain=example.org", [dora]],
    ["q=AN", [anna]],
    [`since=${at(3).slice(0, 10)}&until=${at(1).slice(0, 10)}`, [anna, bert]],
    ["domain=nonsense..example", []],
  ])("shows for %j", async (query, expected) => {
    expect(await shown(query)).toEqual(expected);
    const exported = await one.get(`${PATH}/export?${query}`);
    expect(exported.headers.get("content-type")).toContain("text/csv");
    expect(exported.headers.get("content-disposition")).toContain("attachment");
    const lines = (await exported.text()).trim().split(/\r?\n/);
    expect(lines[0]).toMatch(/^recipient,reasons,/);
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(expected);
  });

  it("names the reason, the source and what was said", async () => {
    const page = await one.html(`${PATH}?source=powermta`);
    expect(page).toContain("hard bounce");
    expect(page).toContain("<td>powermta</td>");
  });

  it("exports what the page shows: the link carries the filter", async () => {
    const page = await one.html(`${PATH}?domain=example.com&reason=hard&order=oldest&rows=200`);
    expect(page).toContain(`href="${PATH}/export?domain=example.com&amp;reason=hard"`);
  });

  it.each(["newest", "oldest", "address"] as const)("is paged without gap or repetition, %s", async (order) => {
    const all = await shown(`order=${order}`);
    const found: (string | null)[] = [];
    for (let place: SuppressionPlace | null = null, i = 0; i < 10; i++) {
      const page: FoundSuppressions = await searchSuppressions(bindings.DB, { order }, 2, place, Date.now());
      found.push(...page.rows.map(({ address }) => address));
      place = page.next;
      if (place === null) break;
    }
    expect(found).toEqual(all);
  });
});

describe("a long list", () => {
  const COUNT = 45_000;

  beforeAll(async () => {
    await freshStores();
    await bindings.DB.prepare(
      `INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, soft_count, answer,
         answer_version, answered_at, kv_version, updated_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
       SELECT printf('%064x', i), 1, printf('p%06d@example.com', i), 'example.com', 1, 0,
         json_array(json_object('reason', CASE WHEN i = 7 THEN 'complaint' ELSE 'hard' END, 'since', i / 3, 'until', NULL, 'eventId', 'e')),
         i / 3, 0, '{}', 1, 1, 1, 1 FROM n`,
    ).run();
  });

  it.each(["newest", "oldest", "address"] as const)(
    "is looked through stretch by stretch, and says that there is more: %s",
    async (order) => {
      const filter = { order, reason: "complaint" } as const;
      const found: (string | null)[] = [];
      const looks: boolean[] = [];
      for (let place: SuppressionPlace | null = null, i = 0; i < 10; i++) {
        const page: FoundSuppressions = await searchSuppressions(bindings.DB, filter, 50, place, Date.now());
        found.push(...page.rows.map(({ address }) => address));
        looks.push(page.isCut);
        place = page.next;
        if (place === null) break;
      }
      expect(found).toEqual(["p000007@example.com"]);
      expect(looks).toEqual([true, true, false]);
    },
  );

  it("tells its reader to search on", async () => {
    const page = await (await visitor()).html(`${PATH}?reason=unsubscribe`);
    expect(page).toContain("None among those looked at");
    expect(page).toContain("Search on");
  });

  it("is exported whole, over stretches without any", async () => {
    const exported = await (await visitor()).get(`${PATH}/export?reason=complaint`);
    expect((await exported.text()).trim().split(/\r?\n/)).toHaveLength(2);
  });
});

describe("what is ticked", () => {
  let one: Visitor;
  const [anna, bert, carl] = ["anna@example.net", "bert@example.com", "carl@example.com"];

  beforeEach(async () => {
    await freshStores();
    await record(hard(anna, 1), hard(carl, 2), { kind: "complained", recipient: bert, occurredAt: at(3) });
    one = await visitor();
  });

  it("is shown once more, and nothing is done yet", async () => {
    const page = await one.post(`${PATH}/chosen`, { action: "release", recipient: [anna, carl], to: PATH }, PATH);
    const html = await page.text();
    expect(html).toContain("Release 2 recipients?");
    expect(recipientsIn(html)).toEqual([anna, carl]);
    expect(html).not.toContain('name="force"');
    expect(await isSuppressed(anna)).toBe(true);
  });

  it("is released, and nobody else; and that can be undone", async () => {
    const to = `${PATH}?order=oldest`;
    const response = await one.post(`${PATH}/chosen/release`, { recipient: [anna], note: "checked", to }, PATH);
    expect(doneOf(response)).toBe("released");
    const location = new URL(response.headers.get("location") ?? "", ORIGIN);
    expect(location.searchParams.get("order")).toBe("oldest");
    expect([await isSuppressed(anna), await isSuppressed(carl)]).toEqual([false, true]);
    const page = await one.html(location.pathname + location.search);
    const undo = /action="(\/dashboard\/batches\/[0-9a-f-]+\/revert)"/.exec(page)?.[1] ?? "";
    expect(doneOf(await one.post(undo, { to: PATH }))).toBe("reverted");
    expect(await isSuppressed(anna)).toBe(true);
  });

  it("is not released where somebody complained, unless that is confirmed and said why", async () => {
    const chosen = await one.post(`${PATH}/chosen`, { action: "release", recipient: [bert, carl], to: PATH }, PATH);
    expect(await chosen.text()).toContain('name="force"');
    const first = await one.post(`${PATH}/chosen/release`, { recipient: [bert, carl], to: PATH }, PATH);
    expect(doneOf(first)).toBe("released-some");
    expect([await isSuppressed(bert), await isSuppressed(carl)]).toEqual([true, false]);
    const forced = { recipient: [bert], force: "yes", to: PATH };
    expect(doneOf(await one.post(`${PATH}/chosen/release`, forced, PATH))).toBe("needs-force");
    expect(doneOf(await one.post(`${PATH}/chosen/release`, { ...forced, note: "asked" }, PATH))).toBe("released");
    expect(await isSuppressed(bert)).toBe(false);
  });

  it("is erased after a confirmation, and nobody else", async () => {
    const chosen = { recipient: [anna, bert], keep: "no", to: PATH };
    expect(doneOf(await one.post(`${PATH}/chosen/erase`, chosen, PATH))).toBe("not-confirmed");
    expect(doneOf(await one.post(`${PATH}/chosen/erase`, { ...chosen, sure: "yes" }, PATH))).toBe("erased");
    expect(recipientsIn(await one.html(PATH))).toEqual([carl]);
    const { items } = await jsonOf(await api("/v1/audit?action=erase"));
    expect(items).toHaveLength(2);
  });

  it("has to be something", async () => {
    expect(doneOf(await one.post(`${PATH}/chosen`, { action: "release", to: PATH }, PATH))).toBe("nothing-chosen");
    const many = Array.from({ length: 51 }, (_, i) => `p${i}@example.com`);
    const response = await one.post(`${PATH}/chosen`, { action: "erase", recipient: many, to: PATH }, PATH);
    expect(doneOf(response)).toBe("too-many-to-erase");
    const confirmed = { recipient: [...many, anna], sure: "yes", keep: "no", to: PATH };
    expect(doneOf(await one.post(`${PATH}/chosen/erase`, confirmed, PATH))).toBe("too-many-to-erase");
    expect(await isSuppressed(anna)).toBe(true);
  });

  it("never leads to another host", async () => {
    const fields = { action: "release", to: "https://evil.example.net/" };
    const response = await one.post(`${PATH}/chosen`, fields, PATH);
    expect(response.headers.get("location")).toBe(`${PATH}?done=nothing-chosen`);
  });
});
