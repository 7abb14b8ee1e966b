import { describe, expect, it, vi } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { fail, ok } from "../../src/domain/result";
import type { RawCredential, VerifyContext, WebhookRequest } from "../../src/providers/adapter";
import { smtpeter } from "../../src/providers/smtpeter";
import { NOW } from "./contract/setup";
import { Copernica, type Deviation, KEY_NAME, SIGNED_NAMES } from "./copernica";
import { header, post } from "./senders";

const [copernica, next] = [await Copernica.create(), await Copernica.create()];
const OURS = "environment-1234";
const PAYLOAD = { body: utf8Bytes("type=open&id=1"), contentType: "application/x-www-form-urlencoded" };

const call = (deviation?: Deviation) => copernica.call(OURS, PAYLOAD, NOW, deviation);
const publish =
  (...records: string[]): VerifyContext["getTxt"] =>
  async () =>
    ok(records);

interface Setting {
  readonly credentials?: readonly RawCredential[];
  readonly getTxt?: VerifyContext["getTxt"];
}

async function outcomeOf(
  request: WebhookRequest,
  { credentials = [OURS], getTxt = publish(copernica.record) }: Setting = {},
) {
  const read = credentials.map((raw) => {
    const credential = smtpeter.readCredential(raw);
    if (!credential.ok) throw new Error(credential.error);
    return credential.value;
  });
  const outcome = await smtpeter.verify(request, read, { now: NOW, getTxt, getText: async () => fail("absent") });
  return outcome.ok ? "accepted" : outcome.error.code === "unavailable" ? "unavailable" : outcome.error.detail;
}

/** The Signature header with one of its parts written otherwise. */
async function rewritten(from: string | RegExp, to: string): Promise<WebhookRequest> {
  const request = await call();
  const signature = request.headers.get("signature") ?? "";
  expect(signature.replace(from, to)).not.toBe(signature);
  return header("signature").replace(request, signature.replace(from, to));
}

describe("what a signature must cover", () => {
  it("is the target, the host, the date, the account and the digest, in any order and with nothing else", async () => {
    expect(await outcomeOf(await call({ names: "digest x-copernica-id date host (request-target)" }))).toBe("accepted");
  });

  it.each(["(request-target)", "host", "date", "x-copernica-id", "digest"])(
    "is never less: without %s it is refused",
    async (name) => {
      const names = SIGNED_NAMES.split(" ")
        .filter((n) => n !== name)
        .join(" ");
      expect(await outcomeOf(await call({ names }))).toBe("Signature does not cover what it must");
    },
  );

  it("is nothing twice", async () => {
    expect(await outcomeOf(await call({ names: `${SIGNED_NAMES} date` }))).toBe("Signature covers a header twice");
  });

  it("is nothing that the request lacks or that is no header's name", async () => {
    expect(await outcomeOf(await call({ names: `${SIGNED_NAMES} x-absent` }))).toBe("a signed header is missing");
    expect(await outcomeOf(await rewritten("x-nonce", "x-nonce (created) b[name]"))).toBe("a signed header is missing");
  });
});

describe("the Signature header", () => {
  it("may be written as in Copernica's manual: names in upper case, folded, a comma left out", async () => {
    const request = await call({ names: SIGNED_NAMES.replace("host date", "Host Date") });
    const folded = (request.headers.get("signature") ?? "")
      .replace('",signature="', '"\t signature="')
      .replace(" digest", "\t   digest")
      .replace(/(signature=".{40})/, "$1  ");
    expect(await outcomeOf(header("signature").replace(request, folded))).toBe("accepted");
  });

  it.each(["keyId", "algorithm", "headers", "signature"])("is refused when it gives %s twice", async (name) => {
    expect(await outcomeOf(await rewritten(/$/, `,${name}="x"`))).toBe("Signature is missing or malformed");
    expect(await outcomeOf(await rewritten(/$/, `,${name.toUpperCase()}="x"`))).toBe(
      "Signature is missing or malformed",
    );
  });

  it.each([
    ["an unclosed value", /"$/, ""],
    ["words before it", /^/, "Signature "],
    ["words after it", /$/, ", and more"],
    ["an unquoted value", /algorithm="[^"]*"/, "algorithm=rsa-sha256"],
  ])("is refused with %s", async (_what, from, to) => {
    expect(await outcomeOf(await rewritten(from, to))).toBe("Signature is missing or malformed");
  });

  it("is read in no time, however it is made up", async () => {
    const request = await call();
    for (const value of [
      " ,".repeat(8000),
      'a="",'.repeat(4000),
      'a="'.repeat(6000),
      "a".repeat(16_000),
      `${" ".repeat(16_000)}x`,
    ]) {
      const start = performance.now();
      expect(await outcomeOf(header("signature").replace(request, value))).not.toBe("accepted");
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});

describe("the algorithm", () => {
  it("is RSA with SHA-256, whatever the header calls it", async () => {
    expect(await outcomeOf(await call({ algorithm: "RSA-SHA256" }))).toBe("accepted");
    expect(await outcomeOf(await rewritten('algorithm="rsa-sha256",', ""))).toBe("accepted");
    for (const algorithm of ["rsa-sha1", "hmac-sha256", "none", "hs2019", ""]) {
      expect(await outcomeOf(await call({ algorithm }))).toBe("Signature is not by rsa-sha256");
    }
  });

  it("is not SHA-1 because somebody signed with it", async () => {
    const old = await Copernica.create("SHA-1");
    const request = await old.call(OURS, PAYLOAD, NOW);
    expect(await outcomeOf(request, { getTxt: publish(old.record) })).toBe("the signature matches no published key");
  });
});

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

describe("what the signature binds", () => {
  it("is the registered URL where one is given, though a proxy shows another", async () => {
    const url = "https://www.example.org:8443/hooks/smtpeter.php?a=1&b=%20";
    const request = await call({ url });
    expect(await outcomeOf(request, { credentials: [{ environment: OURS, url }] })).toBe("accepted");
    expect(await outcomeOf(request, { credentials: [{ environment: OURS, url: url.replace("a=1", "a=2") }] })).not.toBe(
      "accepted",
    );
    expect(await outcomeOf(request, { credentials: [{ environment: OURS, url: url.replace(":8443", "") }] })).not.toBe(
      "accepted",
    );
    expect(await outcomeOf(request)).not.toBe("accepted");
    expect(await outcomeOf(request, { credentials: [OURS, { environment: OURS, url }] })).toBe("accepted");
  });

  it("is the host of the request, by its header where there is one", async () => {
    const url = "https://public.example.org/webhooks/smtpeter";
    expect(await outcomeOf(await call({ url, headers: { host: "public.example.org" } }))).toBe("accepted");
    expect(await outcomeOf(await call({ url }))).not.toBe("accepted");
  });

  it("is the length that the header states, or that of the body where the platform took the header away", async () => {
    expect(await outcomeOf(header("content-length").replace(await call(), null))).toBe("accepted");
    expect(await outcomeOf(header("content-length").replace(await call(), "15"))).not.toBe("accepted");
  });

  it("is a SHA-256 digest, its name in either case, alone or beside others", async () => {
    const digest = (await call()).headers.get("digest") ?? "";
    for (const value of [digest.replace("SHA-256", "sha-256"), `MD5=AAAA, ${digest}`]) {
      expect(await outcomeOf(await call({ headers: { digest: value } }))).toBe("accepted");
    }
    for (const value of [
      digest.replace("SHA-256", "SHA-512"),
      `${digest},${digest}`,
      digest.slice("SHA-256=".length),
      "SHA-256=",
      "SHA-256",
    ]) {
      expect(await outcomeOf(await call({ headers: { digest: value } }))).toBe(
        "Digest is missing or not that of the body",
      );
    }
  });

  it("is a date that can be read", async () => {
    for (const date of ["soon", "", String(NOW)]) {
      expect(await outcomeOf(await call({ headers: { date } }))).toBe("Date is missing or not of the last minute");
    }
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
    const credentials = raw.map((member) => {
      const credential = smtpeter.readCredential(member);
      if (!credential.ok) throw new Error(credential.error);
      return credential.value;
    });
    expect(smtpeter.ownershipFiles?.(credentials)).toEqual({ "smtpeter-a.txt": "A", "smtpeter-b.txt": "B" });
  });
});
