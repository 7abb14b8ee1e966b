/** The client's checks, against the worker itself. */
import { describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, testEnv } from "../support/worker";
import { AT, live, setSuppressed } from "./live";
import { outcomeOf } from "./scripted";

const SUPPRESSED = { suppressed: true, since: AT, until: null };
const NOTHING = { suppressed: false, reasons: [], since: null, until: null };

setStage();
setSuppressed("hans+news@bücher.example");

describe("check", () => {
  it("asks about one address at the edge", async () => {
    const { client, asked } = live();
    const answer = await client.check("dead@example.com");
    expect(answer).toEqual({ recipient: "dead@example.com", ...SUPPRESSED, reasons: ["hard"], source: "kv" });
    expect(asked).toEqual(["GET /v1/check?recipient=dead%40example.com&purpose=marketing&consistency=eventual"]);
  });

  it("passes a probe on to one of those who asked, and to no list", async () => {
    const env = testEnv({ POLICY: { probation: { enabled: true, steps_days: [1] } } });
    const { client, asked } = live({}, env);
    for (const recipient of ["alone@example.com", "twice@example.com", "listed@example.com"]) {
      const bounces = [1, 2, 3, 4, 5].map((i) => ({
        kind: "bounced",
        class: "soft",
        recipient,
        messageId: `${i}`,
        occurredAt: AT,
      }));
      expect((await api("/v1/events", { json: bounces, env })).status).toBe(200);
    }
    const probe = { suppressed: false, reasons: [], since: null, until: null, probe: true };
    const waiting = { suppressed: true, reasons: ["soft"] };
    const alone = await client.check("alone@example.com");
    expect(alone).toEqual({ recipient: "alone@example.com", ...probe, source: "kv" });
    expect(await client.check("alone@example.com")).toMatchObject(waiting);
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => client.check("twice@example.com")));
    expect(first).toMatchObject(probe);
    for (const other of others) expect(other).toMatchObject(waiting);
    expect(asked).toHaveLength(3);
    const listed = ["listed@example.com", "new@example.com"];
    expect((await client.checkMany(listed)).allowed).toEqual(["new@example.com"]);
    expect(await Promise.all(listed.map((one) => client.isSuppressed(one)))).toEqual([true, false]);
    expect(await client.isSuppressed("listed@example.com")).toBe(false);
  });

  it("reads the database where it is told to", async () => {
    const { client } = live();
    expect(await client.check("new@example.com", { consistency: "strong" })).toEqual({
      recipient: "new@example.com",
      ...NOTHING,
      source: "d1",
    });
    const strong = live({ consistency: "strong" }).client;
    expect(await strong.check("dead@example.com")).toMatchObject({ suppressed: true, source: "d1" });
  });

  it("sends every character of an address", async () => {
    const { client } = live();
    for (const recipient of ["Hans+News@bücher.example", '"Hans" <hans+news@xn--bcher-kva.example>']) {
      expect(await client.check(recipient)).toMatchObject({ recipient, suppressed: true });
    }
  });

  it("knows the purpose, of the call or of the client", async () => {
    const { client } = live();
    expect(await client.isSuppressed("angry@example.com")).toBe(true);
    expect(await client.isSuppressed("angry@example.com", { purpose: "transactional" })).toBe(false);
    const transactional = live({ purpose: "transactional" }).client;
    expect(await transactional.isSuppressed("angry@example.com")).toBe(false);
    expect(await transactional.isSuppressed("angry@example.com", { purpose: "marketing" })).toBe(true);
  });

  it("takes a URL with a path, with or without a slash at its end", async () => {
    const seen: string[] = [];
    for (const url of ["https://example.com/bounces", new URL("https://example.com/bounces/")]) {
      const { client } = live({
        url,
        fetch: async (asked) => {
          seen.push(asked);
          return new Response(null, { status: 404 });
        },
      });
      await outcomeOf(client.check("a@example.com"));
    }
    expect(new Set(seen)).toEqual(
      new Set([
        "https://example.com/bounces/v1/check?recipient=a%40example.com&purpose=marketing&consistency=eventual",
      ]),
    );
  });
});

describe("a token", () => {
  it.each(["throw", "block", "allow"] as const)("that is wrong is an error, also with onError %s", async (onError) => {
    const { client } = live({ token: "wrong-token", onError });
    const unauthorized = { code: "unauthorized", status: 401, isUnavailable: false };
    await expect(client.check("a@example.com")).rejects.toMatchObject(unauthorized);
    await expect(client.checkMany(["a@example.com"])).rejects.toMatchObject(unauthorized);
    const together = ["a@example.com", "b@example.com"].map((recipient) => outcomeOf(client.check(recipient)));
    for (const outcome of await Promise.all(together)) expect(outcome).toMatchObject({ error: unauthorized });
  });

  it("of an operator may check too", async () => {
    expect(await live({ token: "admin-token" }).client.isSuppressed("dead@example.com")).toBe(true);
  });
});

describe("a service that cannot answer", () => {
  const noDatabase = () => testEnv(withFaults(failStore("db")).bindings);
  const patience = { retries: 0 };

  it("is an error, with what the service said of it", async () => {
    const { client } = live(patience, noDatabase());
    await expect(client.check("dead@example.com", { consistency: "strong" })).rejects.toMatchObject({
      code: "unavailable",
      status: 503,
      isUnavailable: true,
      retryAfterMs: 30_000,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      problem: { code: "unavailable", status: 503 },
    });
  });

  it("blocks or allows where the caller said so, and says that it was not asked", async () => {
    const { client } = live(patience, noDatabase());
    const options = { consistency: "strong" } as const;
    const answer = { recipient: "new@example.com", reasons: [], since: null, until: null, source: "fallback" };
    expect(await client.check("new@example.com", { ...options, onError: "block" })).toEqual({
      ...answer,
      suppressed: true,
    });
    expect(await client.check("new@example.com", { ...options, onError: "allow" })).toEqual({
      ...answer,
      suppressed: false,
    });
  });

  it("is each caller's own decision, in the same request", async () => {
    const { client, asked } = live(patience, noDatabase());
    const outcomes = await Promise.all(
      (["throw", "block", "allow"] as const).map((onError) =>
        outcomeOf(client.isSuppressed(`${onError}@example.com`, { onError })),
      ),
    );
    expect(outcomes).toMatchObject([{ error: { code: "unavailable" } }, { value: true }, { value: false }]);
    expect(asked).toEqual(["POST /v1/check"]);
  });

  it("leaves the unanswered of many out, or lets them through", async () => {
    const { client } = live(patience, noDatabase());
    const recipients = ["a@example.com", "b@example.com"];
    await expect(client.checkMany(recipients)).rejects.toMatchObject({ code: "unavailable" });
    const blocked = await client.checkMany(recipients, { onError: "block" });
    expect(blocked).toMatchObject({ allowed: [], suppressed: [], invalid: [], unanswered: recipients });
    expect(blocked.maySend("a@example.com")).toBe(false);
    const allowed = await client.checkMany(recipients, { onError: "allow" });
    expect(allowed).toMatchObject({ allowed: recipients, suppressed: [], invalid: [], unanswered: recipients });
    expect(allowed.maySend("a@example.com")).toBe(true);
  });
});
