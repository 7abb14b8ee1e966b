/** Mail from open doors and trusted ones: what becomes an event, about whom, and what waits for an operator. */
import { beforeEach, describe, expect, it } from "vitest";
import { createReturnPaths } from "../../src/client/return-path";
import { eventsOf } from "../support/ledger";
import { dsn, feedback, letter, postMail, route, vacation } from "../support/mails";
import { items, replayed, theItem } from "../support/quarantine";
import { delivered, iso, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf } from "../support/stores";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const [JOHN, ANN] = ["john@example.com", "ann@example.com"];
const MESSAGE = "message-1@mail.example.com";
const KEY = "a-key-of-nineteen-c";
const returnPathOf = createReturnPaths({ key: KEY, domain: "return.example.com" });
const signedEnv = () => testEnv({ VERP_KEYS: KEY });

/** The journal knows that this message went to them. */
const sent = (...recipients: string[]) =>
  report(recipients.map((recipient) => delivered(recipient, Date.now() - DAY_MS, MESSAGE)));

const eventsInJournal = () => rowsOf("SELECT kind, class, address FROM events WHERE provider <> 'api' ORDER BY seq");

describe("a report that comes through an open door", () => {
  it("is recorded where the journal knows the message of that very recipient", async () => {
    await sent(JOHN);
    const at = Date.now() - MINUTE_MS;
    await route(dsn({ recipient: "John@Example.com" }, { message: MESSAGE, id: "report-1@mx.example.net", at }));
    const [, bounce] = await eventsOf(JOHN);
    expect(bounce).toMatchObject({
      ...{ provider: "email", connection: "default", kind: "bounced", class: "hard", recipient: "John@Example.com" },
      ...{ status_code: "5.1.1", reply_code: "550", mode: "asynchronous", occurred_at: at, received_at: Date.now() },
      ...{ internet_message_id: MESSAGE, envelope_sender: "bounces@return.example.com" },
    });
    expect(await reasonsOf(JOHN)).toEqual(["hard"]);
    expect(await items()).toEqual([]);
  });

  it("is believed about nobody else: not by the message of somebody who got it too", async () => {
    await sent(ANN);
    await route(dsn({ recipient: JOHN }, { message: MESSAGE, addressee: "everybody@example.net" }));
    expect(await eventsInJournal()).toEqual([]);
    expect(await theItem()).toMatchObject({
      ...{ provider: "email", connection: "default", item: null, reason: "unverified" },
      detail: "Nothing vouches for this mail (dsn: bounced hard).",
    });
    expect(await reasonsOf(JOHN)).toEqual([]);
  });

  it.each([
    ["a failure", dsn({ recipient: JOHN })],
    ["a failure of a message that nobody knows", dsn({ recipient: JOHN }, { message: MESSAGE, addressee: JOHN })],
    ["a delay", dsn({ recipient: JOHN, action: "delayed", status: "4.4.1" })],
    ["a delivery", dsn({ recipient: JOHN, action: "delivered", status: "2.0.0" })],
    ["a complaint", feedback({ recipient: JOHN })],
    ["an automatic reply", vacation(JOHN)],
  ])("waits in quarantine, and is nothing until it is released: %s", async (_what, mail) => {
    await route(mail);
    expect(await eventsInJournal()).toEqual([]);
    expect(await theItem()).toMatchObject({ reason: "unverified" });
  });

  it("is recorded where a source gives the Message-ID as the message's id, with its brackets or without", async () => {
    await report([delivered(JOHN, Date.now() - DAY_MS, MESSAGE), delivered(ANN, Date.now() - DAY_MS, `<${MESSAGE}>`)]);
    await route(dsn([{ recipient: JOHN }, { recipient: ANN }], { message: MESSAGE }));
    expect(await eventsInJournal()).toMatchObject([{ address: JOHN }, { address: ANN }]);
  });

  it("is recorded where a provider names the message by a part of its Message-ID", async () => {
    const id = "0100019000000000-00000004-0000-4000-8000-000000000000-000000";
    await report(delivered(JOHN, Date.now() - DAY_MS, id));
    await route(dsn({ recipient: JOHN }, { message: `${id}@email.amazonses.com` }));
    expect(await eventsInJournal()).toMatchObject([{ kind: "bounced", address: JOHN }]);
    await report(delivered(ANN, Date.now() - DAY_MS, "4711"));
    await route(dsn({ recipient: ANN }, { message: "4711@mail.example.com" }));
    expect(await theItem()).toMatchObject({ reason: "unverified" });
  });

  it("about an address that the recipient's mail goes on to is about the recipient", async () => {
    await sent(JOHN);
    await route(dsn({ recipient: "john.private@example.net" }, { message: MESSAGE, addressee: `John <${JOHN}>` }));
    const [, bounce] = await eventsOf(JOHN);
    expect(JSON.parse(bounce?.metadata ?? "{}")).toEqual({ failedAddress: "john.private@example.net" });
    expect(await reasonsOf("john.private@example.net")).toEqual([]);
  });

  it("about several is recorded for those that are vouched for; the others wait, each by itself", async () => {
    await sent(ANN);
    const several = ["first@example.com", ANN, "third@example.com"].map((recipient) => ({ recipient }));
    await route(dsn(several, { message: MESSAGE }));
    expect(await eventsInJournal()).toEqual([{ kind: "bounced", class: "hard", address: ANN }]);
    const waiting = [...(await items())].sort((a, b) => Number(a.item) - Number(b.item));
    expect(waiting).toMatchObject([
      { item: 0, reason: "unverified" },
      { item: 2, reason: "unverified" },
    ]);
    expect(await replayed(waiting[1]?.id ?? "")).toMatchObject({ received: 1, new: 1, settled: true });
    expect((await eventsInJournal()).at(-1)).toMatchObject({ address: "third@example.com" });
    expect(await theItem()).toMatchObject({ item: 0 });
  });

  it("about one who is vouched for and very many others waits as a whole", async () => {
    await sent(ANN);
    const others = Array.from({ length: 101 }, (_, i) => ({ recipient: `p${i}@example.com` }));
    await route(dsn([{ recipient: ANN }, ...others], { message: MESSAGE }));
    expect(await eventsInJournal()).toEqual([]);
    expect(await theItem()).toMatchObject({ reason: "unverified", item: null });
  });

  it("without a name of its own is told from others by its bytes, also when it is released", async () => {
    const mail = `${dsn({ recipient: JOHN }, { message: MESSAGE })}${"x".repeat(300_000)}`;
    await route(mail);
    await replayed((await theItem()).id);
    await sent(JOHN);
    await route(mail);
    expect(await eventsInJournal()).toHaveLength(1);
  });

  it("that it is not known at all waits too, and of a known kind without an effect nothing is kept", async () => {
    await route(letter());
    expect(await theItem()).toMatchObject({ item: null, reason: "unrecognized" });
    await route(feedback({ recipient: JOHN, type: "not-spam" }));
    expect(await items()).toHaveLength(1);
    expect(await countOf("receipts")).toBe(1);
  });

  it("is one row, however often it comes, and one waiting item", async () => {
    await sent(JOHN);
    for (let time = 0; time < 3; time++) {
      await route(dsn({ recipient: JOHN }, { message: MESSAGE, id: "report-1@mx.example.net" }));
      await route(dsn({ recipient: ANN }));
      pass(MINUTE_MS);
    }
    expect(await eventsInJournal()).toHaveLength(1);
    expect(await items()).toHaveLength(1);
  });
});

describe("a signed return path", () => {
  it("says whom a report is about, whatever the report names", async () => {
    const to = await returnPathOf(JOHN, "news");
    await route(dsn({ recipient: "j.doe@example.net" }, { message: MESSAGE, addressee: ANN }), to, signedEnv());
    const [bounce] = await eventsOf(JOHN);
    expect(bounce).toMatchObject({ kind: "bounced", class: "hard", envelope_sender: to });
    expect(JSON.parse(bounce?.metadata ?? "{}")).toEqual({ failedAddress: "j.doe@example.net", stream: "news" });
    expect(await reasonsOf(JOHN)).toEqual(["hard"]);
  });

  it.each<[string, (to: string) => Parameters<typeof dsn>[1]]>([
    ["in the report's To", (to) => ({ to })],
    ["in the returned mail", (to) => ({ headers: [`Return-Path: <${to}>`], message: MESSAGE })],
  ])("is found %s", async (_where, about) => {
    await route(dsn({ recipient: JOHN }, about(await returnPathOf(JOHN))), undefined, signedEnv());
    expect(await reasonsOf(JOHN)).toEqual(["hard"]);
  });

  it("makes one event of a report, the worst that it says", async () => {
    const told = [
      { recipient: "one@example.net", action: "delivered", status: "2.0.0" },
      { recipient: "two@example.net", status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full" },
      { recipient: "three@example.net", action: "delayed", status: "4.4.1" },
    ];
    await route(dsn(told), await returnPathOf(JOHN), signedEnv());
    expect(await eventsInJournal()).toEqual([{ kind: "bounced", class: "soft", address: JOHN }]);
  });

  it("vouches for complaints that hide the recipient, and for automatic replies", async () => {
    await route(feedback({ recipient: "redacted@example.net" }), await returnPathOf(JOHN), signedEnv());
    expect(await reasonsOf(JOHN)).toEqual(["complaint"]);
    await route(vacation(ANN), await returnPathOf(ANN), signedEnv());
    expect(await eventsOf(ANN)).toMatchObject([{ kind: "auto_reply", state: 2 }]);
  });

  it("that leaves the recipient out is tried on those that the report names", async () => {
    const [recipient, to] = ["jörg@example.com", await returnPathOf("jörg@example.com")];
    expect(to).not.toContain("=");
    await route(dsn({ recipient: ANN }), to, signedEnv());
    expect(await theItem()).toMatchObject({ reason: "unverified" });
    await route(dsn({ recipient: "other@example.net" }, { addressee: recipient }), to, signedEnv());
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
  });

  it("proves nothing when it is forged, changed, of another key, or no key is set", async () => {
    const to = await returnPathOf(JOHN);
    const stranger = createReturnPaths({ key: "the-key-of-a-stranger", domain: "return.example.com" });
    for (const [address, env] of [
      [to.replace("john", "jane"), signedEnv()],
      [await stranger(JOHN), signedEnv()],
      [to, testEnv()],
    ] as const) {
      await route(dsn({ recipient: JOHN }, { message: `${address}` }), address, env);
    }
    expect(await eventsInJournal()).toEqual([]);
    expect(await items()).toHaveLength(3);
  });

  it("with keys that cannot be used is no reason to doubt a mail: it is to come again", async () => {
    const env = testEnv({ VERP_KEYS: "short" });
    await expect(route(dsn({ recipient: JOHN }), await returnPathOf(JOHN), env)).rejects.toThrow();
    expect((await postMail(dsn({ recipient: JOHN }), "/v1/messages", env)).status).toBe(503);
    expect(await countOf("receipts")).toBe(0);
  });
});

describe("a trusted door", () => {
  it("vouches for what comes through it, recipients as they are stated", async () => {
    const report = dsn({ recipient: JOHN, final: "john.private@example.net" }, { message: MESSAGE });
    const mail = `${report}${"x".repeat(5_000_000)}`;
    expect(await jsonOf(await postMail(mail))).toMatchObject({ counts: { received: 1, new: 1, quarantined: 0 } });
    const [bounce] = await eventsOf(JOHN);
    expect(bounce).toMatchObject({ provider: "messages", kind: "bounced", class: "hard", received_at: Date.now() });
    expect(JSON.parse(bounce?.metadata ?? "{}")).toEqual({ failedAddress: "john.private@example.net" });
    const headers = '[["content-type","message/rfc822"]]';
    expect(await rowsOf("SELECT source, method, query, headers, body_bytes FROM receipts")).toEqual([
      { source: "api", method: "MAIL", query: '[["trusted","true"]]', headers, body_bytes: 4 * 1024 * 1024 },
    ]);
  });

  it("does not vouch where the operator says so", async () => {
    const answer = await jsonOf(await postMail(dsn({ recipient: JOHN }), "/v1/messages?trusted=false"));
    expect(answer).toMatchObject({ form: "dsn", events: [{ recipient: JOHN }], counts: { new: 0, quarantined: 1 } });
    expect(await theItem()).toMatchObject({ provider: "messages", reason: "unverified" });
  });

  it("knows a subscriber by listmonk's uuid, where the report names nobody", async () => {
    const uuid = "7b6e2c1e-4f43-4c0a-9d83-0f6a4f1f0c11";
    const headers = [`X-Listmonk-Subscriber: ${uuid}`, "X-Listmonk-Campaign: 9f86b50d-5711-41c8-ab03-bc91c43d711b"];
    await postMail(feedback({}, { message: MESSAGE, headers }));
    expect(await eventsOf(`${uuid}@listmonk.invalid`)).toMatchObject([
      { kind: "complained", campaign: "9f86b50d-5711-41c8-ab03-bc91c43d711b" },
    ]);
  });

  it("makes no event about nobody", async () => {
    await postMail(feedback({}));
    await postMail(dsn({ recipient: "john@-example.com" }));
    expect(await eventsInJournal()).toEqual([]);
    expect((await items()).map(({ reason }) => reason).sort()).toEqual(["invalid_recipient", "no_recipient"]);
  });
});

describe("releasing a mail from quarantine", () => {
  it("believes it, as of the time at which it came", async () => {
    const first = Date.now();
    await route(dsn([{ recipient: JOHN }, { recipient: ANN, status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full" }]));
    const { id, receivedAt } = await theItem();
    expect(receivedAt).toBe(iso(first));
    pass(DAY_MS);
    expect(await replayed(id)).toMatchObject({ received: 2, new: 2, settled: true });
    expect(await items()).toEqual([]);
    expect(await eventsOf(JOHN)).toMatchObject([
      { provider: "email", connection: "default", occurred_at: first, received_at: first, state: 1 },
    ]);
    expect(await reasonsOf(JOHN)).toEqual(["hard"]);
    expect(await rowsOf("SELECT source, provider, replay_of FROM receipts ORDER BY id")).toEqual([
      { source: "email", provider: "email", replay_of: null },
      { source: "replay", provider: "email", replay_of: 1 },
    ]);
  });

  it("finds whom it is about by the return path to which it came", async () => {
    await route(dsn({ recipient: "elsewhere@example.net" }), await returnPathOf(JOHN));
    const { id } = await theItem();
    const replay = await api(`/v1/quarantine/${id}/replay`, { method: "POST", env: signedEnv() });
    expect(await jsonOf(replay)).toMatchObject({ new: 1, settled: true });
    expect(await reasonsOf(JOHN)).toEqual(["hard"]);
  });

  it("that turns out to name nobody keeps it, and says why", async () => {
    await route(feedback({}));
    const { id } = await theItem();
    expect(await replayed(id)).toMatchObject({ new: 0, quarantined: 1 });
    expect(await theItem()).toMatchObject({ item: 0, reason: "no_recipient", receiptId: 1 });
  });

  it("does not believe what was there for another reason: it is looked at again, and why it waits is said anew", async () => {
    await route(dsn({ recipient: JOHN }));
    const { id } = await theItem();
    // As an older version would have left it, which could not read such a mail.
    await rowsOf("UPDATE quarantine SET reason = 'unrecognized'");
    expect(await replayed(id)).toMatchObject({ new: 0, quarantined: 1, settled: false });
    expect(await theItem()).toMatchObject({ id, reason: "unverified" });
    expect(await eventsInJournal()).toEqual([]);
    expect(await replayed(id)).toMatchObject({ new: 1, settled: true });
  });

  it("believes what came through a trusted door and could not be read then", async () => {
    await postMail(dsn({ recipient: JOHN }));
    await rowsOf("DELETE FROM events");
    await rowsOf("INSERT INTO quarantine VALUES ('an-item', 1, NULL, 'unrecognized', '', 0)");
    expect(await replayed("an-item")).toMatchObject({ new: 1, settled: true });
  });
});
