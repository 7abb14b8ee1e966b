import { beforeEach, describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, CHECK, jsonOf, testEnv } from "../support/worker";

const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";
const AT = "2026-01-05T10:00:00.000Z";

setStage();

const check = (recipient: string, more = "", env = testEnv()) =>
  api(`/v1/check?recipient=${encodeURIComponent(recipient)}${more}`, { headers: CHECK, env });
const answerOf = async (recipient: string, more = "", env = testEnv()) => jsonOf(await check(recipient, more, env));
const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const bounce = (recipient: string, more: object = {}) =>
  record({ kind: "bounced", class: "hard", recipient, occurredAt: AT, ...more });
const block = async (recipient: string, json: object = {}) =>
  expect((await api(`/v1/suppressions/${encodeURIComponent(recipient)}`, { method: "PUT", json })).status).toBe(200);

describe("GET /v1/check", () => {
  it("says why and since when an address must not be mailed, and nothing else", async () => {
    await bounce("dead@example.com");
    const response = await check("dead@example.com");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await jsonOf(response)).toEqual({
      recipient: "dead@example.com",
      suppressed: true,
      reasons: ["hard"],
      since: AT,
      until: null,
      source: "kv",
    });
  });

  it("answers 200 for an address that nobody knows", async () => {
    const nothing = { suppressed: false, reasons: [], since: null, until: null };
    expect(await answerOf("new@example.com")).toEqual({ recipient: "new@example.com", ...nothing, source: "kv" });
    const strong = await answerOf("new@example.com", "&consistency=strong");
    expect(strong).toEqual({ recipient: "new@example.com", ...nothing, source: "d1" });
  });

  it("names the day on which a block ends", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await block("guest@example.com", { expiresAt });
    expect(await answerOf("guest@example.com")).toMatchObject({
      suppressed: true,
      reasons: ["manual"],
      until: expiresAt,
    });
  });

  it("knows a block that ends on a day that none of us will see", async () => {
    for (const year of [2100, 2190, 9999]) {
      const [recipient, expiresAt] = [`until-${year}@example.com`, `${year}-12-31T23:59:59.000Z`];
      await block(recipient, { expiresAt });
      expect(await answerOf(recipient)).toMatchObject({ suppressed: true, until: expiresAt, source: "kv" });
    }
  });

  it("lists several reasons in order, since the first of them", async () => {
    const recipient = "several@example.com";
    await record(
      { kind: "complained", recipient, occurredAt: "2026-01-03T00:00:00Z" },
      { kind: "unsubscribed", recipient, occurredAt: "2026-01-02T00:00:00Z" },
      { kind: "bounced", class: "hard", recipient, occurredAt: AT },
    );
    await block(recipient);
    expect(await answerOf(recipient)).toMatchObject({
      reasons: ["hard", "complaint", "unsubscribe", "manual"],
      since: "2026-01-02T00:00:00.000Z",
    });
  });

  it("lets transactional mail through to those who complained or left, and to nobody else", async () => {
    await record(
      { kind: "complained", recipient: "angry@example.com" },
      { kind: "unsubscribed", recipient: "left@example.com" },
      { kind: "unsubscribed", recipient: "gone@example.com" },
      { kind: "bounced", class: "hard", recipient: "gone@example.com" },
    );
    for (const recipient of ["angry@example.com", "left@example.com"]) {
      expect(await answerOf(recipient)).toMatchObject({ suppressed: true });
      expect(await answerOf(recipient, "&purpose=marketing")).toMatchObject({ suppressed: true });
      const transactional = { suppressed: false, reasons: [], since: null, until: null };
      expect(await answerOf(recipient, "&purpose=transactional")).toMatchObject(transactional);
    }
    const gone = await answerOf("gone@example.com", "&purpose=transactional");
    expect(gone).toMatchObject({ suppressed: true, reasons: ["hard"] });
  });

  it("knows a listmonk subscriber by the bare uuid", async () => {
    await bounce(UUID);
    for (const recipient of [UUID, UUID.toUpperCase(), `${UUID}@listmonk.invalid`]) {
      expect(await answerOf(recipient)).toMatchObject({ recipient, suppressed: true, reasons: ["hard"] });
    }
  });

  it.each([
    "Dead.Letter@Example.COM",
    " dead.letter@example.com ",
    "<dead.letter@example.com>",
    '"Dead, Letter" <dead.letter@example.com>',
    "rfc822; dead.letter@example.com",
    "dead.letter@example.com.",
  ])("takes %s for the same address, and gives it back as it was sent", async (recipient) => {
    await bounce("dead.letter@example.com", { id: "dead-letter" });
    expect(await answerOf(recipient)).toMatchObject({ recipient, suppressed: true });
    expect(await answerOf(recipient, "&consistency=strong")).toMatchObject({ suppressed: true, source: "d1" });
  });

  it("takes an international domain and its ASCII form for the same", async () => {
    await bounce("hans@BÜCHER.example");
    for (const domain of ["bücher.example", "xn--bcher-kva.example", "bu\u0308cher.example"]) {
      expect(await answerOf(`Hans@${domain}`)).toMatchObject({ suppressed: true });
    }
  });

  it("keeps a tag apart from the address without it", async () => {
    await bounce("john+news@example.com");
    expect(await answerOf("john+news@example.com")).toMatchObject({ suppressed: true });
    expect(await answerOf("john@example.com")).toMatchObject({ suppressed: false });
  });

  it("says how a + is sent, to whom sent a space for it", async () => {
    const response = await api("/v1/check?recipient=john+news@example.com", { headers: CHECK });
    expect(response.status).toBe(400);
    const problem = await jsonOf(response);
    expect(problem).toMatchObject({ code: "invalid_recipient", detail: expect.stringContaining("%2B") });
    expect(JSON.stringify(problem)).not.toContain("john");
  });

  it.each(["m%FCller%40example.com", "m%C3ller%40example.com", "m%ller@example.com"])(
    "knows no answer about what is not percent-encoded UTF-8: %s",
    async (recipient) => {
      const response = await api(`/v1/check?recipient=${recipient}`, { headers: CHECK });
      expect(response.status).toBe(400);
      expect(await jsonOf(response)).toMatchObject({
        code: "invalid_recipient",
        detail: expect.stringContaining("%25"),
      });
      expect(await answerOf("m%FCller@example.com")).toMatchObject({ recipient: "m%FCller@example.com" });
    },
  );

  it.each([
    "",
    " ",
    "john",
    "@example.com",
    "john@",
    "john@@example.com",
    "john@exa mple.com",
    "a,b@example.com",
    "\u0000",
  ])("answers 400 for %j, which is no address", async (recipient) => {
    const response = await check(recipient);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect((await jsonOf(response)).code).toBe(recipient === "" ? "invalid_request" : "invalid_recipient");
  });

  it.each([
    "/v1/check",
    "/v1/check?recipient=a%40example.com&recipient=b%40example.com",
    "/v1/check?recipient=a%40example.com&purpose=spam",
    "/v1/check?recipient=a%40example.com&consistency=weak",
  ])("answers 400 for what it does not understand: %s", async (path) => {
    const response = await api(path, { headers: CHECK });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe("invalid_request");
  });
});

describe("a block of a domain", () => {
  beforeEach(() => block("@blocked.example"));

  it("reaches each of its addresses, for any purpose, and no subdomain", async () => {
    for (const more of ["", "&purpose=transactional", "&consistency=strong"]) {
      const answer = await answerOf("Anybody@Blocked.example", more);
      expect(answer).toMatchObject({ suppressed: true, reasons: ["domain"], until: null, since: expect.any(String) });
      expect(await answerOf("anybody@sub.blocked.example", more)).toMatchObject({ suppressed: false });
    }
  });

  it("stands beside the address's own reasons", async () => {
    await bounce("dead@blocked.example");
    expect(await answerOf("dead@blocked.example")).toMatchObject({ reasons: ["hard", "domain"], since: AT });
  });

  it("does not reach an address on the allow-list, and a block of the address itself does", async () => {
    await record({ kind: "manual_allow", recipient: "boss@blocked.example" });
    await bounce("boss@blocked.example");
    for (const more of ["", "&consistency=strong"]) {
      expect(await answerOf("boss@blocked.example", more)).toMatchObject({ suppressed: false, reasons: [] });
    }
    await block("boss@blocked.example");
    expect(await answerOf("boss@blocked.example")).toMatchObject({ suppressed: true, reasons: ["manual"] });
    await record({ kind: "manual_disallow", recipient: "boss@blocked.example" });
    expect(await answerOf("boss@blocked.example")).toMatchObject({ reasons: ["hard", "manual", "domain"] });
  });
});

describe("what a check costs", () => {
  it("is one operation on KV, whatever the answer", async () => {
    await bounce("dead@example.com", { id: "cost" });
    for (const recipient of ["dead@example.com", "new@example.com", UUID]) {
      const { steps, bindings } = withFaults(() => null);
      await answerOf(recipient, "", testEnv(bindings));
      expect(steps).toMatchObject([{ store: "kv", operation: "get" }]);
    }
  });

  it("is one query of D1 for a strong one, and nothing for an address that is none", async () => {
    const strong = withFaults(() => null);
    await answerOf("dead@example.com", "&consistency=strong", testEnv(strong.bindings));
    expect(strong.steps).toMatchObject([{ store: "db", operation: "all" }]);
    const invalid = withFaults(() => null);
    await check("nobody", "", testEnv(invalid.bindings));
    expect(invalid.steps).toEqual([]);
  });
});

describe("a check whose store fails", () => {
  it("asks D1 when KV does not answer", async () => {
    await bounce("dead@example.com", { id: "fallback" });
    const env = testEnv(withFaults(failStore("kv")).bindings);
    expect(await answerOf("dead@example.com", "", env)).toMatchObject({ suppressed: true, source: "d1" });
    expect(await answerOf("new@example.com", "", env)).toMatchObject({ suppressed: false, source: "d1" });
  });

  it("answers 503 when nothing can answer, never that the address may be mailed", async () => {
    const nothing = testEnv(withFaults(() => "before").bindings);
    const noDatabase = testEnv(withFaults(failStore("db")).bindings);
    for (const response of [
      await check("dead@example.com", "", nothing),
      await check("dead@example.com", "&consistency=strong", noDatabase),
      await api("/v1/check", { headers: CHECK, json: { recipients: ["dead@example.com"] }, env: noDatabase }),
    ]) {
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(await response.text()).not.toContain("suppressed");
    }
  });
});
