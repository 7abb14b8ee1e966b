/** Events, receipts, quarantine, connections and the trial of a mail. */
import { beforeEach, describe, expect, it } from "vitest";
import { ADAPTERS } from "../../src/providers/registry";
import { searchEvents } from "../../src/store/events";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { dsn } from "../support/mails";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { api, bindings, freshStores, jsonOf, ORIGIN, testEnv } from "../support/worker";

const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const INBOXROAD = { authorization: "Bearer inboxroad-secret" };

let one: Visitor;
setStage();
beforeEach(async () => {
  await freshStores();
  one = await visitor();
});

describe("the events", () => {
  const shown = async (query: string) =>
    [
      ...(await one.html(`/dashboard/events?${query}`)).matchAll(/data-seq="\d+".*?dashboard\/recipients\/([^"]+)"/gs),
    ].map(([, recipient]) => decodeURIComponent(recipient ?? ""));

  beforeEach(async () => {
    await record(
      { kind: "delivered", recipient: "anna@example.com", messageId: "m-1", campaign: "spring" },
      { kind: "bounced", class: "hard", recipient: "bert@example.com", messageId: "m-2" },
    );
    await api("/webhooks/inboxroad", {
      json: { type: "b", rcpt: "carl@example.com", bounceCat: "quota-issues" },
      headers: INBOXROAD,
    });
  });

  it.each<[string, string[]]>([
    ["", ["carl@example.com", "bert@example.com", "anna@example.com"]],
    ["kind=bounced", ["carl@example.com", "bert@example.com"]],
    ["class=hard", ["bert@example.com"]],
    ["recipient=Anna%40example.com", ["anna@example.com"]],
    ["provider=inboxroad", ["carl@example.com"]],
    ["messageId=%3Cm-2%3E", ["bert@example.com"]],
    ["campaign=spring", ["anna@example.com"]],
    ["since=2030-01-16", []],
    ["until=2030-01-16&kind=delivered", ["anna@example.com"]],
  ])("are filtered by the URL, and exported alike: %j", async (query, expected) => {
    expect(await shown(query)).toEqual(expected);
    const exported = await (await one.get(`/dashboard/events/export?${query}`)).text();
    expect(exported.trim().split(/\r?\n/)).toHaveLength(expected.length + 1);
    for (const recipient of expected) expect(exported).toContain(recipient);
  });

  it("that came since the last look are asked for alone", async () => {
    const [first] = /data-seq="(\d+)"/.exec(await one.html("/dashboard/events"))?.slice(1) ?? [];
    expect(await shown(`after=${first}`)).toEqual([]);
    await record({ kind: "delivered", recipient: "dora@example.com" });
    expect(await shown(`after=${first}`)).toEqual(["dora@example.com"]);
  });

  it("lead to the receipt with the bytes, and the receipt to nothing that runs", async () => {
    const page = await one.html("/dashboard/receipts/2");
    expect(page).toContain("carl@example.com");
    expect(page).toContain("inboxroad/default");
  });

  it("are looked through in stretches", async () => {
    await bindings.DB.prepare(
      `INSERT INTO events (seq, id, address, provider, connection, kind, occurred_at, received_at, state)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
       SELECT 900000000 + i, 'e' || i, 'p' || i || '@example.com', 'api', 'default', 'delivered', 1, 1, 2 FROM n`,
    ).run();
    const first = await searchEvents(bindings.DB, { class: "hard" }, 50, null);
    expect(first).toMatchObject({ rows: [], isCut: true });
    const second = await searchEvents(bindings.DB, { class: "hard" }, 50, first.next);
    expect(second.rows.map(({ address }) => address)).toEqual(["bert@example.com"]);
    expect(second.next).toBeNull();
    // What an index finds is found at once.
    const indexed = await searchEvents(bindings.DB, { messageId: "m-2" }, 50, null);
    expect(indexed).toMatchObject({ isCut: false, next: null, rows: [{ address: "bert@example.com" }] });
  });
});

describe("the quarantine", () => {
  const item = async () => (await jsonOf(await api("/v1/quarantine"))).items[0];

  it("says why, shows the bytes, and lets them be read again or dropped", async () => {
    await api("/webhooks/inboxroad", {
      body: '[{"type":"zz","rcpt":"x@example.com","n":9007199254740993}]',
      headers: INBOXROAD,
    });
    expect(await one.html("/dashboard/quarantine")).toContain("Read these again");
    const { id } = await item();
    const page = await one.html(`/dashboard/quarantine/${id}`);
    expect(page).toContain("In quarantine: unknown kind");
    expect(page).toContain("x@example.com");
    expect(page).toContain("9007199254740993");
    const again = await one.post(`/dashboard/quarantine/${id}/replay`, {}, `/dashboard/quarantine/${id}`);
    expect(doneOf(again)).toBe("replayed-kept");
    expect(doneOf(await one.post("/dashboard/quarantine/replay"))).toBe("replayed-kept");
    const body = await one.get(`/dashboard/quarantine/${id}/body`);
    expect(body.headers.get("content-type")).toBe("application/octet-stream");
    expect(body.headers.get("content-disposition")).toBe('attachment; filename="body"');
    expect(await body.text()).toContain("zz");
    expect(doneOf(await one.post(`/dashboard/quarantine/${id}/dismiss`))).toBe("dismissed");
    expect(await item()).toBeUndefined();
    expect(doneOf(await one.post(`/dashboard/quarantine/${id}/dismiss`))).toBe("not-found");
    expect(doneOf(await one.post(`/dashboard/quarantine/${id}/replay`))).toBe("not-found");
    const actions = (await jsonOf(await api("/v1/audit"))).items.map(({ action }) => action);
    expect(actions.sort()).toEqual(["drop", "replay", "replay"]);
  });

  it("is read again page by page: what stays does not keep the rest from it", async () => {
    const records = Array.from({ length: 52 }, (_, i) => ({ type: "zz", rcpt: `p${i}@example.com` }));
    await api("/webhooks/inboxroad", { json: records, headers: INBOXROAD });
    const idsOf = (html: string) => [...html.matchAll(/quarantine\/([0-9a-f]{40})"/g)].map(([, id]) => id).sort();
    const next = /href="([^"]*cursor=[^"]*)"/.exec(await one.html("/dashboard/quarantine"))?.[1] ?? "";
    const page = await one.html(next);
    const action = /action="([^"]*\/replay[^"]*)"/.exec(page)?.[1] ?? "";
    expect(doneOf(await one.post(action))).toBe("replayed-kept");
    const { items } = await jsonOf(await api("/v1/audit?action=replay"));
    expect(items.map(({ subject }) => subject).sort()).toEqual(idsOf(page));
    expect(items).toHaveLength(2);
  });

  it("does not believe unverified mail with all the rest", async () => {
    const mail = dsn({ recipient: "victim@example.com" });
    const headers = { authorization: "Bearer admin-token", "content-type": "message/rfc822" };
    await api("/v1/messages?trusted=false", { body: mail, headers });
    const { id, reason } = await item();
    expect(reason).toBe("unverified");
    expect(await one.html("/dashboard/quarantine")).not.toContain("Read these again");
    await one.post("/dashboard/quarantine/replay");
    expect((await item()).id).toBe(id);
    const page = await one.html(`/dashboard/quarantine/${id}`);
    expect(page).toContain("Anybody can send such a mail");
    expect(doneOf(await one.post(`/dashboard/quarantine/${id}/replay`))).toBe("replayed");
    expect(await one.html("/dashboard/recipients/victim%40example.com")).toContain("suppressed");
  });
});

describe("the connections", () => {
  it("are listed with their state", async () => {
    // It is noted once a minute.
    pass(2 * MINUTE_MS);
    await api("/webhooks/inboxroad", { json: { type: "d", rcpt: "x@example.com" }, headers: INBOXROAD });
    await api("/webhooks/powermta", { body: "{}", headers: { authorization: "Bearer wrong" } });
    const page = (await one.html("/dashboard/connections")).replace(/\s+/g, " ");
    expect(page).toMatch(/Inboxroad.*?works/);
    expect(page).toMatch(/PowerMTA.*?rejects requests/);
    expect(page).toMatch(/SMTPeter.*?waiting for the first/);
  });

  it.each(ADAPTERS.map(({ id }) => id))("say how %s is set up", async (id) => {
    const page = await one.html(`/dashboard/connections/${id}/default`);
    expect(page).toContain(`docs/providers/${id}.md`);
    expect(page).not.toMatch(/\{url\}|\{secret\}/);
    // Queues have neither.
    if (id === "cloudflare-email") return;
    expect(page).toContain(`${ORIGIN}/webhooks/${id}`);
    expect(page).toContain(`npx wrangler secret put WEBHOOK_${id.replaceAll("-", "_").toUpperCase()}`);
  });

  it("of another name have a URL and a secret of their own", async () => {
    const page = await one.html("/dashboard/connections/postmark/broad-cast");
    expect(page).toContain(`${ORIGIN}/webhooks/postmark/broad-cast`);
    expect(page).toContain("WEBHOOK_POSTMARK__BROAD_CAST");
  });

  it("show the mailboxes, and what is wrong with them", async () => {
    const mailbox = { host: "pop.example.com", username: "b@example.com", password: "secret-word" };
    const MAILBOXES = [
      { ...mailbox, name: "bounces" },
      { ...mailbox, name: "broken", tls: "sometimes" },
    ];
    await bindings.DB.prepare(
      `INSERT INTO mailboxes (name, account, leased_until, is_behind, error_code, error_detail, failures)
       VALUES ('bounces', 'a', 0, 0, 'refused', 'The server refused the password.', 4)`,
    ).run();
    const owner = await visitor(testEnv({ MAILBOXES }));
    const page = await owner.html("/dashboard/connections");
    expect(page).toMatch(/bounces<.*?cannot be read.*?The server refused the password\./s);
    expect(page).toMatch(/broken<.*?settings unusable/s);
    expect(page).not.toContain("secret-word");
    const overview = (await owner.html("/dashboard")).replace(/<[^>]*>/g, "");
    expect(overview).toMatch(/The mailbox bounces could not be read 4 times in a\s+row/);
  });

  it("whose secret cannot be used say what is wrong, without it", async () => {
    const broken = await visitor(testEnv({ WEBHOOK_SENDGRID: "no-key-at-all" }));
    const page = await broken.html("/dashboard/connections/sendgrid/default");
    expect(page).toContain("The secret cannot be used");
    expect(page).not.toContain("no-key-at-all");
  });

  it("send a test event through, another one each time", async () => {
    for (let i = 0; i < 2; i++) {
      const response = await one.post("/dashboard/connections/postmark/default/test");
      expect(doneOf(response)).toBe("test-recorded");
      pass(1);
    }
    const { items } = await jsonOf(await api("/v1/events?provider=postmark"));
    const test = { kind: "delivered", recipient: "test@example.com", connection: "default" };
    expect(items).toMatchObject([test, test]);
    expect(doneOf(await one.post("/dashboard/connections/nonsense/default/test"))).toBe("test-unknown");
  });
});

describe("a mail on trial", () => {
  const mail = (text: string) => ({ mail: text });

  it("is recognized with its rule, and nothing is recorded", async () => {
    const text = `From: MAILER-DAEMON@mx.example.net\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.example.net.\r\n\r\n<nobody@example.com>:\r\n550 5.1.1 <nobody@example.com>: user unknown\r\n`;
    const page = await (await one.post("/dashboard/try", mail(text))).text();
    expect(page).toContain("a bounce in the words of a mail system");
    expect(page).toContain("nobody@example.com");
    expect(page).toContain("suppresses at once");
    expect(page).toMatch(/<dt>Rule<\/dt><dd><bdi class="wrap">[^<]+<\/bdi>/);
    expect((await jsonOf(await api("/v1/events"))).items).toEqual([]);
  });

  it("may be a file", async () => {
    const file = new File(["Subject: hello\r\n\r\nNothing bounced.\r\n"], "a.eml");
    const page = await (await one.post("/dashboard/try", { file, mail: "" })).text();
    expect(page).toContain("no report");
  });

  it("has to be there, and not too large", async () => {
    expect(await (await one.post("/dashboard/try", mail(""))).text()).toContain("Paste a mail or choose a file first");
    const large = mail("x".repeat(10_000_001));
    expect(await (await one.post("/dashboard/try", large)).text()).toContain("larger than");
  });
});
