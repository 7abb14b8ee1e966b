/** Mails that webhooks bring along: the webhook says about whom and which message, the mail says what happened. */
import { beforeEach, describe, expect, it } from "vitest";
import { eventsOf, expectAgreement } from "../support/ledger";
import { dsn, type Failed, feedback, letter, vacation } from "../support/mails";
import { items, replayed, theItem } from "../support/quarantine";
import { setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf } from "../support/stores";
import { api, freshStores, jsonOf } from "../support/worker";

setStage();
beforeEach(freshStores);

const JOHN = "john@example.com";
const AT = Date.UTC(2030, 0, 15, 11);

/** A call of SMTPeter, as JSON. */
async function posted(record: Readonly<Record<string, unknown>>) {
  const json = { id: "4ea9b1d9b5b3a5e8a5e3", time: `${AT / 1000}`, tags: "welcome;autumn", ...record };
  const response = await api("/webhooks/smtpeter?token=smtpeter-secret", { json, headers: {} });
  expect(response.status).toBe(200);
  return jsonOf(response);
}
const bounce = (mime: string) => posted({ type: "bounce", recipient: JOHN, envelope: "b-1@bounces.example.org", mime });
const abuse = (mime: string) => posted({ type: "abuse", emailfrom: "fbl@example.net", mime, time: undefined });
const full: Failed = { recipient: JOHN, status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full" };

describe("a returned mail", () => {
  it("is about the recipient and the message that the webhook names, as the mail says it went", async () => {
    await bounce(dsn({ recipient: "john.private@example.net" }, { message: "message-1@mail.example.com" }));
    const [event] = await eventsOf(JOHN);
    expect(event).toMatchObject({
      ...{ kind: "bounced", class: "hard", status_code: "5.1.1", reply_code: "550", mode: "asynchronous" },
      ...{ message_id: "4ea9b1d9b5b3a5e8a5e3", internet_message_id: null, occurred_at: AT },
      ...{ envelope_sender: "b-1@bounces.example.org", tags: '["welcome","autumn"]' },
    });
    expect(event?.diagnostic_code).toContain("User unknown");
    expect(JSON.parse(event?.metadata ?? "{}")).toEqual({ failedAddress: "john.private@example.net" });
  });

  it("and the failure that tells of it are one bounce, in either order", async () => {
    const failure = () =>
      posted({
        type: "failure",
        recipient: JOHN,
        action: "failed",
        state: "bounce",
        extended: "5.2.2",
        description: "full",
      });
    await bounce(dsn(full, { message: "message-1@mail.example.com" }));
    await failure();
    await bounce(dsn(full, { message: "message-1@mail.example.com" }));
    expect((await expectAgreement(JOHN)).verdict.softCount).toBe(1);
    expect(await eventsOf(JOHN)).toHaveLength(2);
  });

  it.each([
    ["a delay", dsn({ ...full, action: "delayed", status: "4.4.1" }), { kind: "deferred", class: null }],
    ["an automatic reply", vacation("john.doe@example.com"), { kind: "auto_reply", class: null }],
    [
      "what a mail system says in words that are known",
      "From: MAILER-DAEMON@mx.example.net\r\n\r\nSorry, the mailbox is full.\r\n",
      { kind: "bounced", class: "soft" },
    ],
    [
      "what a mail system says in words that are not",
      "From: postmaster@mx.example.net\r\nSubject: Hm\r\n\r\nTomorrow, perhaps.\r\n",
      { kind: "bounced", class: "undetermined" },
    ],
  ])("may be %s", async (_what, mime, expected) => {
    expect(await bounce(mime)).toMatchObject({ received: 1, new: 1, quarantined: 0 });
    expect(await eventsOf(JOHN)).toMatchObject([{ ...expected, message_id: "4ea9b1d9b5b3a5e8a5e3" }]);
  });

  it("about several is what is worst in it, for the one whom the webhook names", async () => {
    await bounce(dsn([{ recipient: "list@example.net", action: "delivered", status: "2.0.0" }, full]));
    expect(await rowsOf("SELECT address, kind, class FROM events")).toEqual([
      { address: JOHN, kind: "bounced", class: "soft" },
    ]);
  });

  it("that is no report stays in quarantine, as what it is", async () => {
    expect(await bounce(letter())).toMatchObject({ received: 0, quarantined: 1 });
    expect(await theItem()).toMatchObject({ provider: "smtpeter", item: 0, reason: "unrecognized" });
  });
});

describe("an abuse report", () => {
  it("is about whom the feedback report in it names, at its time", async () => {
    const at = AT - 60_000;
    await abuse(feedback({ recipient: JOHN }, { message: "message-1@mail.example.com", at }));
    expect(await eventsOf(JOHN)).toMatchObject([
      { kind: "complained", hint: "abuse", occurred_at: at, message_id: "4ea9b1d9b5b3a5e8a5e3" },
    ]);
    expect(await reasonsOf(JOHN)).toEqual(["complaint"]);
  });

  it("that hides the recipient is kept", async () => {
    await abuse(feedback({}));
    expect(await theItem()).toMatchObject({ reason: "no_recipient" });
    expect(await countOf("events")).toBe(0);
  });

  it("of an id that is missing too is told from another one by its mail", async () => {
    const report = (id: string) => feedback({ recipient: JOHN }, { id });
    for (const id of ["one@example.net", "two@example.net", "one@example.net"]) {
      await posted({ type: "abuse", mime: report(id), id: undefined, time: undefined });
    }
    expect(await eventsOf(JOHN)).toHaveLength(2);
  });
});

it("what an older version left in quarantine because it did not read mail is read by a replay", async () => {
  await bounce(dsn(full));
  await rowsOf("DELETE FROM events");
  await rowsOf("INSERT INTO quarantine VALUES ('an-item', 1, 0, 'raw_message', '', 0)");
  expect(await replayed("an-item")).toMatchObject({ received: 1, new: 1, settled: true });
  expect(await items()).toEqual([]);
  expect(await eventsOf(JOHN)).toMatchObject([{ kind: "bounced", class: "soft", occurred_at: AT }]);
});
