import { createExecutionContext } from "cloudflare:test";
import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import * as worker from "../../src/index";
import { Suppressions } from "../../src/index";
import { failStore, type StoreName, withFaults } from "../support/faults";
import { block, bounced, iso, report } from "../support/reports";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { testEnv } from "../support/worker";

setStage();

const AT = START_MS - MINUTE_MS;
const GONE = "gone@example.com";
const ANGRY = "angry@example.com";
const { Suppressions: bound } = exports as unknown as { Suppressions: Suppressions };

beforeAll(async () => {
  await report(bounced(GONE, "hard", AT));
  await report({ kind: "complained", recipient: ANGRY, at: AT });
  await block("@blocked.example");
});

/** While some stores fail. */
function without(...stores: StoreName[]): Suppressions {
  const plans = stores.map(failStore);
  const faults = withFaults((step, index) => plans.map((plan) => plan(step, index)).find(Boolean) ?? null);
  return new Suppressions(createExecutionContext(), testEnv(faults.bindings));
}

/** The entrypoint as its own worker sees it: what it throws across a binding, the platform prints. */
const here = without();
const wrong = here as unknown as Record<"check" | "checkMany", (...args: unknown[]) => Promise<unknown>>;

/** What a caller sees of an error. */
async function errorOf(question: () => Promise<unknown>): Promise<string> {
  return question().then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

it("is for checks, and nothing else", () => {
  expect(Object.getOwnPropertyNames(Suppressions.prototype).sort()).toEqual(["check", "checkMany", "constructor"]);
  const callable = Object.entries(worker).flatMap(([name, value]) =>
    typeof value === "function" && value.prototype instanceof WorkerEntrypoint ? [name] : [],
  );
  expect(callable).toEqual(["Suppressions"]);
});

describe("check", () => {
  it("answers as the HTTP API does", async () => {
    expect(await bound.check(" <Gone@Example.com>")).toEqual({
      recipient: " <Gone@Example.com>",
      suppressed: true,
      reasons: ["hard"],
      since: iso(AT),
      until: null,
      source: "kv",
    });
    expect(await bound.check("new@example.com", { consistency: "strong" })).toEqual({
      recipient: "new@example.com",
      suppressed: false,
      reasons: [],
      since: null,
      until: null,
      source: "d1",
    });
    expect(await bound.check("x@blocked.example")).toMatchObject({ suppressed: true, reasons: ["domain"] });
    expect(await bound.check(ANGRY)).toMatchObject({ suppressed: true });
    expect(await bound.check(ANGRY, { purpose: "transactional" })).toMatchObject({ suppressed: false });
  });

  it("throws what is wrong with the question", async () => {
    expect(await errorOf(() => here.check("nobody"))).toBe("TypeError: invalid_recipient: The recipient has no @.");
    for (const args of [[], [7], [null], [["a@example.com"]]]) {
      expect(await errorOf(() => wrong.check(...args))).toContain("TypeError: invalid_request: the recipient");
    }
    for (const options of [{ purpose: "spam" }, { purpose: null }, { consistency: "weak" }, "strong", 7]) {
      expect(await errorOf(() => wrong.check(GONE, options))).toContain("TypeError: invalid_request: ");
    }
    for (const options of [undefined, null, {}])
      expect(await wrong.check(GONE, options)).toMatchObject({ suppressed: true });
  });

  it("asks the database where the cache fails, and throws where nothing can answer", async () => {
    expect(await without("kv").check(GONE)).toMatchObject({ suppressed: true, source: "d1" });
    for (const recipient of [GONE, "new@example.com"]) {
      expect(await errorOf(() => without("kv", "db").check(recipient))).toMatch(/^Error: unavailable: /);
      const strong = () => without("db").check(recipient, { consistency: "strong" });
      expect(await errorOf(strong)).toMatch(/^Error: unavailable: /);
    }
  });
});

describe("checkMany", () => {
  it("lists who must not be mailed, and what is no address", async () => {
    const recipients = ["new@example.com", "GONE@example.com", GONE, GONE, "x@blocked.example", "nobody", ANGRY];
    const listed = { since: iso(AT), until: null };
    expect(await bound.checkMany(recipients, { purpose: "transactional" })).toEqual({
      checked: 5,
      suppressed: [
        { recipient: "GONE@example.com", reasons: ["hard"], ...listed },
        { recipient: GONE, reasons: ["hard"], ...listed },
        { recipient: "x@blocked.example", reasons: ["domain"], since: expect.any(String), until: null },
      ],
      invalid: ["nobody"],
    });
    expect(await bound.checkMany([])).toEqual({ checked: 0, suppressed: [], invalid: [] });
  });

  it("takes ten thousand, in one query, and not one more", async () => {
    const names = Array.from({ length: 10_001 }, (_, i) => `user-${i}@example.com`);
    const faults = withFaults(() => null);
    const entrypoint = new Suppressions(createExecutionContext(), testEnv(faults.bindings));
    expect(await entrypoint.checkMany([...names.slice(0, 9_999), GONE])).toMatchObject({
      checked: 10_000,
      suppressed: [{ recipient: GONE }],
    });
    expect(faults.steps).toMatchObject([{ store: "db", operation: "batch" }]);
    expect(await errorOf(() => here.checkMany(names))).toBe("TypeError: invalid_request: at most 10000 recipients");
  });

  it("throws what is wrong with the question, and where the database fails", async () => {
    for (const args of [[], ["a@example.com"], [[7]], [[null]], [{}]]) {
      expect(await errorOf(() => wrong.checkMany(...args))).toContain("TypeError: invalid_request: the recipients");
    }
    expect(await errorOf(() => wrong.checkMany([GONE], { purpose: "spam" }))).toContain("purpose must be");
    expect(await errorOf(() => without("db").checkMany(["new@example.com"]))).toMatch(/^Error: unavailable: /);
    expect(await without("kv").checkMany([GONE])).toMatchObject({ suppressed: [{ recipient: GONE }] });
  });
});
