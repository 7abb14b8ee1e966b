/** Copernica's signature: what it must cover, how it is written, and what it binds. */
import { describe, expect, it } from "vitest";
import type { WebhookRequest } from "../../src/providers/adapter";
import { NOW } from "./contract/setup";
import { Copernica, SIGNED_NAMES } from "./copernica";
import { call, OURS, outcomeOf, PAYLOAD, publish } from "./copernica-account";
import { header } from "./senders";

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
