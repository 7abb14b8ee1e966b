import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { markVerified } from "../../src/providers/adapter";
import { listmonk } from "../../src/providers/listmonk";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { basicAuth, header, post } from "./senders";

const PATH = "/webhooks/bounce";

describeAdapter({
  adapter: listmonk,
  senders: [basicAuth("api:first-token", PATH), basicAuth("api:second:token", PATH)],
  proofs: [header("authorization")],
  tamper: null,
  forgeries: {
    "the right token of another user": (payload) => post(payload, { authorization: "token root:first-token" }, PATH),
    "a token without its user": (payload) => post(payload, { authorization: "token first-token" }, PATH),
    "a token in the URL": (payload) => post(payload, {}, `${PATH}?token=api:first-token`),
    "a bearer token": (payload) => post(payload, { authorization: "Bearer api:first-token" }, PATH),
  },
});

const HARD = { email: "john@example.com", type: "hard", source: "api" };
const DAY_MS = 86_400_000;

function parse(
  record: unknown,
  { headers = {}, receivedAt = NOW }: { headers?: Record<string, string>; receivedAt?: number } = {},
) {
  const body = utf8Bytes(typeof record === "string" ? record : JSON.stringify(record));
  return listmonk.parse(markVerified(post({ body, contentType: "application/json" }, headers, PATH)), { receivedAt });
}

const identityOf = (...args: Parameters<typeof parse>) => draftsOf(parse(...args)).map((draft) => draft.identity);
const metadataOf = (record: unknown) => draftsOf(parse(record))[0]?.metadata;

describe("listmonk's own ways", () => {
  it("takes `Authorization: token user:token`, in either case", async () => {
    for (const scheme of ["token", "Token"]) {
      const request = post(
        { body: utf8Bytes("{}"), contentType: "application/json" },
        { authorization: `${scheme} api:t` },
        PATH,
      );
      const lookup = async () => ({ ok: false, error: "absent" }) as const;
      const outcome = await listmonk.verify(request, ["api:t"], { now: NOW, getText: lookup, getTxt: lookup });
      expect(outcome.ok).toBe(true);
    }
  });

  it("answers as listmonk does", () => {
    expect(listmonk.dialect?.unauthenticated).toEqual({ status: 403, body: { message: "invalid API credentials" } });
    expect(listmonk.dialect?.recorded).toEqual({ status: 200, body: { data: true } });
    expect(listmonk.dialect?.refused("Invalid email.")).toEqual({ message: "Invalid email." });
    expect(listmonk.usesBasicAuth ?? false).toBe(false);
  });

  it.each([
    ["a credential without a token", "api:"],
    ["a credential without a user", ":token"],
    ["a credential without a colon", "token"],
  ])("refuses %s", (_what, raw) => expect(listmonk.readCredential(raw).ok).toBe(false));

  it.each<[string, unknown, string]>([
    ["neither an email nor a uuid", { type: "hard" }, "Invalid fields: email / subscriber_uuid"],
    ["only empty ones", { type: "hard", email: "", subscriber_uuid: null }, "Invalid fields: email / subscriber_uuid"],
    [
      "a malformed uuid, even beside an email",
      { ...HARD, subscriber_uuid: "9f86b50d" },
      "Invalid fields: subscriber_uuid",
    ],
    ["a bad address", { ...HARD, email: "john at example.com" }, "Invalid email."],
    ["a blank address", { ...HARD, email: " " }, "Invalid email."],
    ["a bad address and a bad type", { email: "john", type: "x" }, "Invalid email."],
    ["a type in another case", { ...HARD, type: "Hard" }, "Invalid fields: type"],
    ["no type", { email: "john@example.com" }, "Invalid fields: type"],
    ["a type from the prototype", { ...HARD, type: "constructor" }, "Invalid fields: type"],
  ])("refuses %s with listmonk's text", (_what, record, message) => {
    expect(parse(record)).toEqual({ type: "refused", message });
  });

  it.each<[string, unknown]>([
    ["a body that is no JSON", '{"email": "john@example.com", "meta": "{}}'],
    ["an array", [HARD]],
    ["an email that is no text", { ...HARD, email: 7 }],
    ["a time that is none", { ...HARD, created_at: "yesterday" }],
    ["a time without a zone", { ...HARD, created_at: "2026-11-20T10:00:00" }],
    ["an empty time", { ...HARD, created_at: "" }],
  ])("refuses %s as invalid data", (_what, record) => {
    expect(parse(record)).toEqual({ type: "refused", message: expect.stringMatching(/^Invalid data:/) });
  });

  it("keeps what was sent along, whichever way it was written", () => {
    expect(metadataOf({ ...HARD, meta: { code: 1, source: "theirs" } })).toEqual({ code: 1, source: "api" });
    expect(metadataOf({ ...HARD, meta: '{"code":1}' })).toEqual({ code: 1, source: "api" });
    expect(metadataOf({ ...HARD, meta: "no JSON" })).toEqual({ meta: "no JSON", source: "api" });
    expect(metadataOf({ ...HARD, meta: [1] })).toEqual({ meta: [1], source: "api" });
    expect(metadataOf({ ...HARD, meta: "", source: "" })).toBeUndefined();
    expect(metadataOf({ ...HARD, meta: "[".repeat(200) })).toEqual({ meta: "[".repeat(200), source: "api" });
  });

  it("names an event by its Idempotency-Key and by nothing else where there is one", () => {
    const headers = { "idempotency-key": " k-1 " };
    expect(identityOf({ ...HARD, meta: { try: 1 } }, { headers })).toEqual([["key", "k-1"]]);
    expect(identityOf(HARD, { headers, receivedAt: NOW + DAY_MS })).toEqual(identityOf(HARD, { headers }));
    expect(listmonk.replayHeaders).toContain("idempotency-key");
  });

  it("names an event by its content and its time, or by the UTC day where it has none", () => {
    const dated = { ...HARD, created_at: "2026-11-20T10:00:00Z" };
    expect(identityOf(dated, { receivedAt: NOW + DAY_MS })).toEqual(identityOf(dated));
    expect(identityOf({ ...dated, created_at: "2026-11-20T10:00:01Z" })).not.toEqual(identityOf(dated));
    expect(identityOf(HARD, { receivedAt: NOW + 60_000 })).toEqual(identityOf(HARD));
    expect(identityOf(HARD, { receivedAt: NOW + DAY_MS })).not.toEqual(identityOf(HARD));
    for (const other of [{ type: "soft" }, { source: "mta" }, { campaign_uuid: "c" }, { meta: { a: 1 } }]) {
      expect(identityOf({ ...HARD, ...other })).not.toEqual(identityOf(HARD));
    }
  });
});
