/** Copernica's keys in DNS, and the credentials that an operator has for an account. */
import { describe, expect, it, vi } from "vitest";
import { fail, ok } from "../../src/domain/result";
import type { RawCredential, VerifyContext } from "../../src/providers/adapter";
import { smtpeter } from "../../src/providers/smtpeter";
import { NOW } from "./contract/setup";
import { Copernica, KEY_NAME } from "./copernica";
import { call, copernica, OURS, outcomeOf, PAYLOAD, publish, readAll } from "./copernica-account";
import { header, post } from "./senders";

const next = await Copernica.create();

describe("the key", () => {
  it.each([
    "copernica.com",
    ".copernica.com",
    "one._domainkey.copernica.com.example.org",
    "one._domainkey.copernica.com.",
    "one._domainkey.example.org",
    "evilcopernica.com",
    "one..copernica.com",
    "one copernica.com",
    "example.org/one.copernica.com",
    "example.org?name=x.copernica.com",
    "example.org#.copernica.com",
    "-.copernica.com",
    "%c3%b6ne.copernica.com",
    `${"a".repeat(64)}.copernica.com`,
    `${"a.".repeat(125)}copernica.com`,
    "",
  ])("is never looked up under the name %j", async (keyId) => {
    const getTxt = vi.fn(publish(copernica.record));
    expect(await outcomeOf(await call({ keyId }), { getTxt })).toBe("keyId is no name below copernica.com");
    expect(getTxt).not.toHaveBeenCalled();
  });

  it("is looked up under the name that the call gives, in lower case", async () => {
    const getTxt = vi.fn(publish(copernica.record));
    expect(await outcomeOf(await call({ keyId: "Two._domainkey.Copernica.com" }), { getTxt })).toBe("accepted");
    expect(getTxt.mock.calls).toEqual([["two._domainkey.copernica.com", undefined]]);
  });

  it("is asked for once more, fresh, when the cached one does not fit: it may have been rotated", async () => {
    const getTxt = vi.fn<VerifyContext["getTxt"]>(async (_name, options) =>
      ok([options?.fresh ? next.record : copernica.record]),
    );
    expect(await outcomeOf(await next.call(OURS, PAYLOAD, NOW), { getTxt })).toBe("accepted");
    expect(getTxt.mock.calls).toEqual([
      [KEY_NAME, undefined],
      [KEY_NAME, { fresh: true }],
    ]);
  });

  it("is asked for once more when the cache says that there is none", async () => {
    const getTxt: VerifyContext["getTxt"] = async (_name, options) =>
      options?.fresh ? ok([copernica.record]) : fail("absent");
    expect(await outcomeOf(await call(), { getTxt })).toBe("accepted");
  });

  it("is ours to fetch again later when it cannot be reached, also the second time", async () => {
    const getTxt: VerifyContext["getTxt"] = async (_name, options) =>
      options?.fresh ? fail("unavailable") : ok([copernica.record]);
    expect(await outcomeOf(await next.call(OURS, PAYLOAD, NOW), { getTxt })).toBe("unavailable");
  });

  it("may be one of several records and be written with spaces", async () => {
    const spaced = copernica.record.replace("p=", "p= ").replace(/(.{80})/, "$1 \t");
    expect(await outcomeOf(await call(), { getTxt: publish("v=spf1 -all", next.record, spaced) })).toBe("accepted");
    expect(await outcomeOf(await call(), { getTxt: publish(copernica.record.replace("v=DKIM1; k=rsa; ", "")) })).toBe(
      "accepted",
    );
  });

  it.each<[string, string]>([
    ["a revoked key", "v=DKIM1; k=rsa; p="],
    ["a record without a key", "v=DKIM1; k=rsa"],
    ["another version", copernica.record.replace("DKIM1", "DKIM2")],
    ["another kind of key", copernica.record.replace("k=rsa", "k=ed25519")],
    ["a key that is no base64", "v=DKIM1; k=rsa; p=***"],
    ["a key that is no key", "v=DKIM1; k=rsa; p=AAAA"],
    ["nonsense", "=;=;;=p"],
    ["nothing", ""],
  ])("is none in %s", async (_what, record) => {
    expect(await outcomeOf(await call(), { getTxt: publish(record) })).toBe("the signature matches no published key");
  });

  it("is not looked up for a call that is wrong in any other way", async () => {
    const getTxt = vi.fn(publish(copernica.record));
    for (const [name, value] of [
      ["date", new Date(NOW - 61_000).toUTCString()],
      ["digest", "SHA-256=AAAA"],
      ["x-copernica-id", "environment-1"],
    ] as const) {
      expect(await outcomeOf(await call({ headers: { [name]: value } }), { getTxt })).not.toBe("accepted");
    }
    expect(getTxt).not.toHaveBeenCalled();
  });
});

describe("credentials of several kinds", () => {
  const withToken = post(PAYLOAD, { "x-webhook-token": "shared" }, "/webhooks/smtpeter");

  it("each let in what they fit", async () => {
    const credentials = ["shared", OURS];
    expect(await outcomeOf(withToken, { credentials })).toBe("accepted");
    expect(await outcomeOf(await call(), { credentials })).toBe("accepted");
    expect(await outcomeOf(header("x-webhook-token").replace(withToken, "other"), { credentials })).not.toBe(
      "accepted",
    );
    expect(await outcomeOf(await call(), { credentials: ["shared"] })).toBe("no token, bearer or basic credentials");
  });

  it("never take the account's id, which is no secret, for one", async () => {
    for (const credentials of [[OURS], [{ environment: OURS }], [OURS, "shared"]]) {
      expect(await outcomeOf(header("x-webhook-token").replace(withToken, OURS), { credentials })).not.toBe("accepted");
    }
  });

  it.each<[string, RawCredential]>([
    ["an id without its number", "environment-"],
    ["an id with a space", "environment-12 34"],
    ["another id", { environment: "account-1" }],
    ["no id", { url: "https://example.org/" }],
    ["a URL that is none", { environment: OURS, url: "example.org/hook" }],
    ["a URL of another kind", { environment: OURS, url: "ftp://example.org/" }],
    ["a key that nobody reads", { environment: OURS, file: {} }],
    ["a file outside the folder", { environment: OURS, files: { "../smtpeter-x.txt": "x" } }],
    ["a file in a folder", { environment: OURS, files: { "a/smtpeter-x.txt": "x" } }],
    ["a hidden file", { environment: OURS, files: { ".txt": "x" } }],
    ["a page instead of a text", { environment: OURS, files: { "smtpeter-x.html": "x" } }],
    ["a name with a line break", { environment: OURS, files: { "smtpeter-x.txt\n": "x" } }],
    ["a file without a text", { environment: OURS, files: { "smtpeter-x.txt": 1 } }],
    ["files that are a list", { environment: OURS, files: ["smtpeter-x.txt"] }],
  ])("are refused with %s", (_what, raw) => expect(smtpeter.readCredential(raw).ok).toBe(false));

  it("give their ownership files together", () => {
    const raw: RawCredential[] = [
      "shared",
      OURS,
      { environment: OURS, files: { "smtpeter-a.txt": "A" } },
      { environment: "environment-5", files: { "smtpeter-b.txt": "B" } },
    ];
    expect(smtpeter.ownershipFiles?.(readAll(raw))).toEqual({ "smtpeter-a.txt": "A", "smtpeter-b.txt": "B" });
  });
});
