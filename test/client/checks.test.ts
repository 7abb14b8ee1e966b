/** The client's checks, against the worker itself. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Purpose } from "../../src/client/types";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, CHECK, jsonOf, testEnv } from "../support/worker";
import { live } from "./live";
import { outcomeOf } from "./scripted";

const AT = "2026-01-05T10:00:00.000Z";
const SUPPRESSED = { suppressed: true, since: AT, until: null };
const NOTHING = { suppressed: false, reasons: [], since: null, until: null };

setStage();
beforeAll(async () => {
  const events = [
    { kind: "bounced", class: "hard", recipient: "dead@example.com", occurredAt: AT },
    { kind: "complained", recipient: "angry@example.com", occurredAt: AT },
    { kind: "bounced", class: "hard", recipient: "hans+news@bücher.example", occurredAt: AT },
  ];
  expect((await api("/v1/events", { json: events })).status).toBe(200);
  await api("/v1/suppressions/@blocked.example", { method: "PUT", json: {} });
});

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

describe("checks of the same tick", () => {
  it("are one request to the database", async () => {
    const { client, asked } = live();
    const recipients = ["dead@example.com", "new@example.com", "Dead@Example.com", "anybody@blocked.example"];
    expect(await Promise.all(recipients.map((recipient) => client.check(recipient)))).toEqual([
      { recipient: "dead@example.com", ...SUPPRESSED, reasons: ["hard"], source: "d1" },
      { recipient: "new@example.com", ...NOTHING, source: "d1" },
      { recipient: "Dead@Example.com", ...SUPPRESSED, reasons: ["hard"], source: "d1" },
      {
        recipient: "anybody@blocked.example",
        suppressed: true,
        reasons: ["domain"],
        since: expect.any(String),
        until: null,
        source: "d1",
      },
    ]);
    expect(asked).toEqual(["POST /v1/check"]);
  });

  it("include those that are made while the promises of this tick are settled", async () => {
    const { client, asked } = live();
    const later = async (recipient: string) => {
      await null;
      return client.check(recipient);
    };
    await Promise.all([later("a@example.com"), later("b@example.com"), client.check("c@example.com")]);
    expect(asked).toHaveLength(1);
  });

  it("of different purposes are asked apart", async () => {
    const { client, asked } = live();
    const both = (purpose: Purpose) =>
      ["angry@example.com", "dead@example.com"].map((recipient) => client.isSuppressed(recipient, { purpose }));
    expect(await Promise.all([...both("marketing"), ...both("transactional")])).toEqual([true, true, false, true]);
    expect(asked).toEqual(["POST /v1/check", "POST /v1/check"]);
  });

  it("about the same address are one look-up at the edge, strong if any of them is", async () => {
    const { client, asked } = live();
    const [first, second] = await Promise.all([client.check("dead@example.com"), client.check("dead@example.com")]);
    expect(first).toEqual(second);
    expect(first).toMatchObject({ source: "kv" });
    await Promise.all([client.check("a@example.com"), client.check("a@example.com", { consistency: "strong" })]);
    expect(asked.map((line) => line.replace(/.*consistency=/, ""))).toEqual(["eventual", "strong"]);
  });

  it("are asked one by one where batching is off, for the client or for the call", async () => {
    const { client, asked } = live({ batch: false });
    await Promise.all([client.check("a@example.com"), client.check("b@example.com")]);
    const other = live();
    await Promise.all([
      other.client.check("a@example.com", { batch: false }),
      other.client.check("b@example.com"),
      other.client.check("c@example.com"),
    ]);
    expect(asked.map((line) => line.slice(0, 3))).toEqual(["GET", "GET"]);
    expect(other.asked.map((line) => line.split("?")[0]).sort()).toEqual(["GET /v1/check", "POST /v1/check"]);
  });

  it("do not suffer from one that is no address", async () => {
    const { client } = live();
    const [good, bad, none] = await Promise.all(
      ["dead@example.com", "nobody", ""].map((recipient) => outcomeOf(client.check(recipient))),
    );
    expect(good).toMatchObject({ value: { suppressed: true } });
    const invalid = { error: { name: "BouncekeeperError", code: "invalid_recipient", status: 400 } };
    expect(bad).toMatchObject(invalid);
    expect(none).toMatchObject(invalid);
    expect(await outcomeOf(client.check("nobody"))).toMatchObject(invalid);
    expect(await outcomeOf(client.check("\ud800@example.com"))).toMatchObject(invalid);
  });

  it("never outgrow a request", async () => {
    const { client, asked } = live();
    const recipients = Array.from({ length: 10_001 }, (_, i) =>
      i === 10_000 ? "dead@example.com" : `u${i}@example.org`,
    );
    const answers = await Promise.all(recipients.map((recipient) => client.isSuppressed(recipient)));
    expect(answers.indexOf(true)).toBe(10_000);
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(asked.map((line) => line.split("?")[0])).toEqual(["POST /v1/check", "GET /v1/check"]);
  });

  it("answer each caller as the service answers it alone, whatever is asked beside it", async () => {
    const recipient = fc.constantFrom(
      "dead@example.com",
      "DEAD@example.com",
      "angry@example.com",
      "a@blocked.example",
      "new@example.com",
      "nobody",
      " dead@example.com",
    );
    const question = fc.record({
      recipient,
      purpose: fc.constantFrom<Purpose>("marketing", "transactional"),
      consistency: fc.constantFrom("eventual" as const, "strong" as const),
      batch: fc.boolean(),
      turns: fc.nat(3),
    });
    const known = new Map<string, unknown>();
    const alone = async (asked: string, purpose: Purpose) => {
      const query = `recipient=${encodeURIComponent(asked)}&purpose=${purpose}&consistency=strong`;
      const key = `${purpose} ${asked}`;
      if (!known.has(key)) known.set(key, await jsonOf(await api(`/v1/check?${query}`, { headers: CHECK })));
      return known.get(key);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(question, { maxLength: 12 }), async (questions) => {
        const { client, asked } = live();
        const outcomes = await Promise.all(
          questions.map(async ({ recipient: name, turns, ...options }) => {
            for (let turn = 0; turn < turns; turn++) await null;
            return outcomeOf(client.check(name, options));
          }),
        );
        for (const [i, { recipient: name, purpose }] of questions.entries()) {
          const expected = (await alone(name, purpose)) as { code?: string; source?: string };
          const outcome = outcomes[i];
          if (expected.code) expect(outcome).toMatchObject({ error: { code: expected.code } });
          else expect(outcome).toEqual({ value: { ...expected, source: expect.stringMatching(/^(kv|d1)$/) } });
        }
        expect(asked.length).toBeLessThanOrEqual(questions.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("checkMany", () => {
  it("sorts any number of addresses, in as many requests as it takes", async () => {
    const { client, asked } = live();
    const recipients = Array.from({ length: 25_000 }, (_, i) => `user-${i}@list-${i % 50}.example.net`);
    recipients.splice(12_345, 0, "dead@example.com", "nobody", "angry@example.com", "nobody");
    const result = await client.checkMany(recipients);
    expect(asked).toEqual(Array(3).fill("POST /v1/check"));
    expect(result.suppressed).toEqual([
      { recipient: "dead@example.com", reasons: ["hard"], since: AT, until: null },
      { recipient: "angry@example.com", reasons: ["complaint"], since: AT, until: null },
    ]);
    expect(result.invalid).toEqual(["nobody"]);
    expect(result.unanswered).toEqual([]);
    expect(result.allowed).toEqual(recipients.filter((recipient) => recipient.startsWith("user-")));
  });

  it("says of each whether it may be mailed, and refuses to guess about others", async () => {
    const { client } = live();
    const { maySend } = await client.checkMany(["dead@example.com", "new@example.com", "nobody"]);
    expect(["dead@example.com", "new@example.com", "nobody"].map(maySend)).toEqual([false, true, false]);
    expect(() => maySend("other@example.com")).toThrow(RangeError);
  });

  it("takes what comes bit by bit, and asks nobody about nothing", async () => {
    const { client, asked } = live();
    const source = async function* () {
      yield "angry@example.com";
      await null;
      yield "dead@example.com";
    };
    const { allowed, suppressed } = await client.checkMany(source(), { purpose: "transactional" });
    expect(allowed).toEqual(["angry@example.com"]);
    expect(suppressed).toMatchObject([{ recipient: "dead@example.com" }]);
    expect(await client.checkMany([])).toMatchObject({ allowed: [], suppressed: [], invalid: [], unanswered: [] });
    expect(asked).toHaveLength(1);
  });

  it("does not take a text for a list of characters", async () => {
    const { client } = live();
    await expect(client.checkMany("dead@example.com")).rejects.toThrow(TypeError);
    await expect(client.checkMany([7 as unknown as string])).rejects.toThrow(TypeError);
  });

  it("fits long texts into requests", async () => {
    const { client, asked } = live();
    const long = Array.from({ length: 40 }, (_, i) => `${i}"`.repeat(25_000));
    const result = await client.checkMany([...long, "dead@example.com"]);
    expect(result.invalid).toEqual(long);
    expect(result.suppressed).toHaveLength(1);
    expect(asked.length).toBeGreaterThan(1);
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
