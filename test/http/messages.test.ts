/** Raw mail by the API: read, and recorded or not. */
import { beforeEach, describe, expect, it } from "vitest";
import { createReturnPaths } from "../../src/client/return-path";
import { eventsOf } from "../support/ledger";
import { dsn, feedback, letter, postMail, read, vacation } from "../support/mails";
import { items, theItem } from "../support/quarantine";
import { setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { ADMIN, api, CHECK, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const JOHN = "john@example.com";
const MESSAGE = "message-1@mail.example.com";
const LIMIT = 25 * 1024 * 1024;
const ROUTES = ["/v1/messages", "/v1/parse"];

const everything = {
  ...{ kind: "bounced", class: "hard", category: expect.any(String), rule: expect.any(String), recipient: JOHN },
  ...{ failedAddress: null, statusCode: "5.1.1", replyCode: "550", diagnosticCode: expect.any(String) },
  ...{ messageId: MESSAGE, feedbackType: null },
};
const NOTHING = Object.fromEntries(Object.keys(everything).map((field) => [field, null]));

describe("POST /v1/parse", () => {
  it("says what a mail says, every field, and records nothing", async () => {
    expect(await read(dsn({ recipient: JOHN }, { message: MESSAGE }))).toEqual({ form: "dsn", events: [everything] });
    for (const table of ["receipts", "events", "quarantine", "connection_activity"])
      expect(await countOf(table)).toBe(0);
  });

  it("says of a complaint and of an automatic reply what they have, and null where they have nothing", async () => {
    expect(await read(feedback({ recipient: JOHN }, { message: MESSAGE }))).toEqual({
      form: "arf",
      events: [{ ...NOTHING, kind: "complained", recipient: JOHN, messageId: MESSAGE, feedbackType: "abuse" }],
    });
    expect(await read(vacation(JOHN))).toEqual({
      form: "auto_reply",
      events: [expect.objectContaining({ kind: "auto_reply", class: null, rule: null, recipient: JOHN })],
    });
  });

  it("finds no event where there is none, whatever the bytes", async () => {
    for (const mail of [letter(), "\r\n", "no mail at all", new Uint8Array(1_000), '{"kind":"bounced"}']) {
      expect(await read(mail)).toEqual({ form: "unrecognized", events: [] });
    }
    expect(await items()).toEqual([]);
  });

  it("says for whom a signed return path stands", async () => {
    const key = "a-key-of-nineteen-c";
    const to = await createReturnPaths({ key, domain: "return.example.com" })(JOHN);
    const { events } = await read(dsn({ recipient: "other@example.net" }, { to }), testEnv({ VERP_KEYS: key }));
    expect(events).toMatchObject([{ recipient: JOHN, failedAddress: "other@example.net" }]);
  });

  it("gives the class and the rule that the event on record has", async () => {
    const mails = ["5.1.1 User unknown", "5.2.2 Mailbox full", "5.7.1 Message refused as spam", "5.0.0 No"].map(
      (diagnostic, i) =>
        dsn({ recipient: `p${i}@example.com`, status: diagnostic.slice(0, 5), diagnostic: `550 ${diagnostic}` }),
    );
    for (const [i, mail] of mails.entries()) {
      const [said] = (await read(mail)).events;
      await postMail(mail);
      const [recorded] = await eventsOf(`p${i}@example.com`);
      expect(recorded).toMatchObject({ class: said.class, category: said.category, rule: said.rule });
    }
  });
});

describe("POST /v1/messages", () => {
  it("records what a mail says, and says what it recorded", async () => {
    const mail = dsn({ recipient: JOHN }, { message: MESSAGE });
    const counts = { received: 1, new: 1, duplicate: 0, ignored: 0, quarantined: 0, pending: 0 };
    expect(await jsonOf(await postMail(mail))).toEqual({ form: "dsn", events: [everything], counts });
    expect(await jsonOf(await postMail(mail))).toMatchObject({ counts: { new: 0, duplicate: 1 } });
    expect(await eventsOf(JOHN)).toHaveLength(1);
  });

  it("keeps what is no report in quarantine", async () => {
    const answer = await jsonOf(await postMail(letter()));
    expect(answer).toMatchObject({ form: "unrecognized", events: [], counts: { received: 0, quarantined: 1 } });
    expect(await theItem()).toMatchObject({ provider: "messages", reason: "unrecognized", item: null });
  });

  it("asks whether to believe a mail with true or false and nothing else", async () => {
    for (const trusted of ["", "yes", "0", "False", "true&trusted=false"]) {
      const response = await postMail(dsn({ recipient: JOHN }), `/v1/messages?trusted=${trusted}`);
      expect(response.status, trusted).toBe(400);
      expect(await jsonOf(response)).toMatchObject({ code: "invalid_request", errors: [{ field: "trusted" }] });
    }
    expect((await postMail(dsn({ recipient: JOHN }), "/v1/messages?trusted=true")).status).toBe(200);
    expect(await eventsOf(JOHN)).toHaveLength(1);
  });

  it("does not believe a mail because what says that it should not is misspelt", async () => {
    for (const name of ["trustd", "Trusted", "is_trusted"]) {
      const response = await postMail(dsn({ recipient: JOHN }), `/v1/messages?${name}=false`);
      expect(response.status, name).toBe(400);
      expect((await jsonOf(response)).detail).toContain(name);
    }
    expect(await countOf("receipts")).toBe(0);
  });

  it("does not take a mail without a policy to decide by, nor while it cannot be stored", async () => {
    const response = await postMail(dsn({ recipient: JOHN }), "/v1/messages", testEnv({ POLICY: "{" }));
    expect(response.status).toBe(503);
    expect(await jsonOf(response)).toMatchObject({ code: "config_invalid" });
  });
});

describe.each(ROUTES)("%s", (route) => {
  it("reads the bytes, whatever the content type says", async () => {
    for (const type of ["message/rfc822", "text/plain", "application/octet-stream", "application/json"]) {
      const headers = { ...ADMIN, "content-type": type };
      const response = await api(route, { body: dsn({ recipient: JOHN }), headers });
      expect(await jsonOf(response)).toMatchObject({ form: "dsn", events: [{ recipient: JOHN }] });
    }
  });

  it("needs an operator's token, and a body", async () => {
    expect((await api(route, { body: letter(), headers: {} })).status).toBe(401);
    expect((await api(route, { body: letter(), headers: CHECK })).status).toBe(403);
    const response = await postMail("", route);
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ code: "invalid_request", detail: "The body is empty." });
  });

  it("takes mails of up to 25 MiB, which other routes do not, and none above", async () => {
    const mail = dsn({ recipient: JOHN }, { message: MESSAGE });
    const filled = (length: number) => {
      const bytes = new Uint8Array(length).fill(0x78);
      bytes.set(new TextEncoder().encode(mail));
      return bytes;
    };
    expect(await jsonOf(await postMail(filled(LIMIT), route))).toMatchObject({ events: [{ recipient: JOHN }] });
    expect((await postMail(filled(LIMIT + 1), route)).status).toBe(413);
    expect((await postMail(filled(LIMIT / 2), "/v1/events")).status).toBe(413);
  });
});
