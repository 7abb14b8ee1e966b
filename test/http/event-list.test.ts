import { beforeAll, describe, expect, it } from "vitest";
import { bounce, complaint, delivery } from "../support/pmta";
import { MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { api, bindings, jsonOf, testEnv } from "../support/worker";

/** Every field of an event, as the API promises them. */
const FIELDS = [
  ..."id provider connection kind class category rule hint recipient messageId envelopeSender campaign tags".split(" "),
  ..."metadata statusCode replyCode diagnosticCode remoteMta mode occurredAt receivedAt appliedAt receiptId".split(" "),
];
const HOUR_MS = 60 * MINUTE_MS;

setStage();

const list = async (query = "") => jsonOf(await api(`/v1/events?${query}`));
const namesOf = (page: { items: { recipient: string }[] }) => page.items.map((item) => item.recipient.split("@")[0]);
const post = async (json: unknown) => expect((await api("/v1/events", { json })).status).toBe(200);
const iso = (at: number) => new Date(at).toISOString();

describe("an event", () => {
  it("has every field of the contract and no other, null where there is nothing", async () => {
    await post({ kind: "deferred", recipient: "bare@example.com" });
    const { items } = await list("recipient=bare%40example.com");
    expect(Object.keys(items[0])).toEqual(FIELDS);
    expect(items[0]).toEqual({
      ...Object.fromEntries(FIELDS.map((field) => [field, null])),
      id: expect.stringMatching(/^[0-9a-f]{40}$/),
      provider: "api",
      connection: "default",
      kind: "deferred",
      recipient: "bare@example.com",
      occurredAt: iso(START_MS),
      receivedAt: iso(START_MS),
      receiptId: expect.any(Number),
    });
  });

  it("says everything it was told, the recipient as it was received", async () => {
    const told = {
      kind: "bounced",
      class: "soft",
      category: "quota-issues",
      recipient: '"Full, Very" <Full@Example.com>',
      messageId: "provider-1",
      envelopeSender: "returns@news.example.com",
      campaign: "spring",
      tags: ["a", "b"],
      metadata: { order: 7, nested: { deep: [true, null] } },
      statusCode: "4.2.2",
      replyCode: "452",
      diagnosticCode: "452 4.2.2 Mailbox full – Postfach voll",
      remoteMta: "mx.example.com",
    };
    await post({ ...told, internetMessageId: "<m1@news.example.com>", occurredAt: "2026-01-05T11:00:00+01:00" });
    const { items } = await list("recipient=full%40example.com");
    expect(items).toEqual([
      {
        ...told,
        id: expect.any(String),
        provider: "api",
        connection: "default",
        rule: "stated:soft",
        hint: "soft",
        mode: null,
        occurredAt: "2026-01-05T10:00:00.000Z",
        receivedAt: iso(START_MS),
        appliedAt: iso(START_MS),
        receiptId: expect.any(Number),
      },
    ]);
  });

  it("of a provider keeps the provider's words beside ours", async () => {
    const about = { recipient: "pmta@example.com", message: "m2", at: START_MS - HOUR_MS };
    const record = {
      ...bounce("hard", about),
      dsnDiag: "smtp;550 5.1.1 unknown user",
      dsnMta: "mx.example.com (1.2.3.4)",
    };
    await api("/webhooks/inboxroad?token=inboxroad-secret", { json: [record] });
    const { items } = await list("recipient=pmta%40example.com");
    expect(items).toMatchObject([
      {
        provider: "inboxroad",
        connection: "default",
        kind: "bounced",
        class: "hard",
        category: "bad-mailbox",
        rule: "inboxroad:bad-mailbox",
        hint: "bad-mailbox",
        messageId: "m2@news.example.com",
        envelopeSender: "returns@news.example.com",
        statusCode: "5.1.1",
        replyCode: "550",
        diagnosticCode: "smtp;550 5.1.1 unknown user",
        remoteMta: "mx.example.com (1.2.3.4)",
        mode: "synchronous",
        occurredAt: iso(about.at),
      },
    ]);
  });
});

describe("the list", () => {
  const env = testEnv({ WEBHOOK_INBOXROAD__EU: "eu-secret" });
  const at = START_MS - HOUR_MS;

  beforeAll(async () => {
    pass(MINUTE_MS);
    const about = (name: string) => ({ recipient: `${name}@list.example.com`, message: `${name}-message`, at });
    const batches: [string, object[]][] = [
      ["/webhooks/inboxroad?token=inboxroad-secret", [bounce("hard", about("dead")), delivery(about("fine"))]],
      ["/webhooks/inboxroad/eu?token=eu-secret", [bounce("soft", about("full"))]],
      [
        "/webhooks/powermta?token=powermta-secret",
        [complaint(about("angry")), { ...bounce("soft", about("slow")), jobId: "job-1" }],
      ],
      [
        "/v1/events",
        [{ kind: "bounced", class: "hard", recipient: "gone@list.example.com", messageId: "id-9", campaign: "spring" }],
      ],
    ];
    for (const [path, json] of batches) {
      expect((await api(path, { json, env })).status).toBe(200);
      pass(MINUTE_MS);
    }
  });

  it.each<[string, string[]]>([
    ["recipient=Dead%40LIST.example.com", ["dead"]],
    ["provider=inboxroad", ["full", "fine", "dead"]],
    ["provider=inboxroad&connection=default", ["fine", "dead"]],
    ["connection=eu", ["full"]],
    ["kind=complained", ["angry"]],
    ["kind=bounced", ["gone", "slow", "full", "dead"]],
    ["class=hard", ["gone", "dead"]],
    ["kind=bounced&class=soft&provider=powermta", ["slow"]],
    ["messageId=id-9", ["gone"]],
    ["messageId=fine-message%40news.example.com", ["fine"]],
    ["messageId=%3Cfine-message%40news.example.com%3E", ["fine"]],
    ["campaign=spring", ["gone"]],
    ["campaign=job-1", ["slow"]],
    ["campaign=SPRING", []],
    ["provider=nobody", []],
    ["recipient=nobody%40example.com", []],
  ])("can be asked for %s", async (query, names) => {
    const since = iso(START_MS + MINUTE_MS);
    expect(namesOf(await list(`since=${since}&${query}`))).toEqual(names);
  });

  it("can be asked for a span of the time of reception, its end left out", async () => {
    const minute = (n: number) => iso(START_MS + n * MINUTE_MS);
    expect(namesOf(await list(`since=${minute(1)}&until=${minute(3)}`))).toEqual(["full", "fine", "dead"]);
    expect(namesOf(await list(`since=${minute(2)}&until=${minute(2)}`))).toEqual([]);
    expect(namesOf(await list(`since=${minute(4)}`))).toEqual(["gone"]);
    expect(namesOf(await list(`since=${minute(60)}`))).toEqual([]);
    expect(namesOf(await list(`until=${minute(0)}`))).toEqual([]);
    expect((await list(`until=${minute(60)}&limit=1000`)).items.length).toBe((await list("limit=1000")).items.length);
    const offset = encodeURIComponent(minute(4).replace("Z", "+00:00"));
    expect(namesOf(await list(`since=${offset}`))).toEqual(["gone"]);
  });

  it("gives each event once, newest first, page by page, also while others come in", async () => {
    const recipient = "paged@example.com";
    const events = Array.from({ length: 25 }, (_, i) => ({
      kind: "deferred",
      recipient,
      id: `p${i}`,
      messageId: `p${i}`,
    }));
    await post(events.slice(0, 13));
    await post(events.slice(13));
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { messageId: string }[]; nextCursor: string | null } = await list(
        `recipient=${recipient}&limit=10${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      seen.push(...page.items.map((item) => item.messageId));
      sizes.push(page.items.length);
      cursor = page.nextCursor;
      await post({ kind: "deferred", recipient, id: `late-${sizes.length}` });
    } while (cursor !== null);
    expect(sizes).toEqual([10, 10, 5]);
    expect(seen).toEqual(events.map((event) => event.messageId).reverse());
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=",
    "kind=opened",
    "class=permanent",
    "since=yesterday",
    "since=2026-01-05",
    "until=1767607200",
    "kind=bounced&kind=deferred",
  ])("answers 400 to %s", async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, code: "invalid_request" });
  });

  it("answers 400 to a recipient that is none", async () => {
    expect(await list("recipient=nobody")).toMatchObject({ status: 400, code: "invalid_recipient" });
  });

  it("answers 400 to a cursor that it did not give out", async () => {
    await post([1, 2].map((i) => ({ kind: "bounced", class: "hard", recipient: `cursor-${i}@example.com` })));
    const { nextCursor: elsewhere } = await jsonOf(await api("/v1/suppressions?limit=1"));
    expect(elsewhere).toEqual(expect.any(String));
    const { nextCursor: ofAnotherQuery } = await jsonOf(await api("/v1/events?kind=bounced&limit=1"));
    expect(await list(`kind=bounced&cursor=${ofAnotherQuery}`)).not.toHaveProperty("code");
    expect(await list(`kind=delivered&cursor=${ofAnotherQuery}`)).toMatchObject({
      status: 400,
      code: "invalid_cursor",
    });
    for (const cursor of [elsewhere, "", " ", "-1", "1.5", "1e3", "0x10", "NaN", "9".repeat(30), "' OR 1=1"]) {
      const answer = await list(`cursor=${encodeURIComponent(cursor)}`);
      expect(answer, cursor).toMatchObject({ status: 400, code: "invalid_cursor" });
    }
  });
});

describe("a filter that few of very many events pass", () => {
  const DELIVERIES = 60_000;
  const filter = "class=hard";

  it("has its answer in stretches: a page may be empty, and the next goes on", async () => {
    await bindings.DB.prepare(
      `INSERT INTO events (seq, id, address, provider, connection, kind, occurred_at, received_at, state)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       SELECT 900000000 + i, 'e' || i, 'p' || i || '@example.com', 'api', 'default', 'delivered', 1, 1, 2 FROM n`,
    )
      .bind(DELIVERIES)
      .run();
    const first = await list(filter);
    expect(first).toEqual({ items: [], nextCursor: expect.any(String) });
    const found: string[] = [];
    for (let cursor = first.nextCursor; cursor !== null; ) {
      const page = await list(`${filter}&limit=1&cursor=${cursor}`);
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    const exported = await (await api(`/v1/events/export?format=ndjson&${filter}`)).text();
    const ids = exported
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found).size).toBe(found.length);
    expect(ids).toEqual(found);
  });
});
