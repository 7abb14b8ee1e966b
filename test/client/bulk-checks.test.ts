/** Many checks through the client, at once or one list, against the worker itself. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Purpose } from "../../src/client/types";
import { setStage } from "../support/stage";
import { api, CHECK, jsonOf } from "../support/worker";
import { AT, live, setSuppressed } from "./live";
import { outcomeOf } from "./scripted";

const SUPPRESSED = { suppressed: true, since: AT, until: null };
const NOTHING = { suppressed: false, reasons: [], since: null, until: null };

setStage();
setSuppressed();

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
