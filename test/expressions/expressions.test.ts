/**
 * Every regular expression of the product takes a time in proportion to its input, whatever somebody sends: as its
 * automaton says, where that is small enough to tell, and as is measured with inputs made of its own characters.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { capped, growthOf, stumblingBlocks, timeOf } from "./analysis.ts";
import { type Constructed, constructedExpressions } from "./constructed.ts";
import { type Expression, type Expressions, expressionsOfSource } from "./literals.ts";

const TIMEOUT_MS = 180_000;
const AT_ONCE = 4;
const SHORT = 10_000;
const LONG = 40_000;
/** For the short one; above any that are linear, on a busy machine too. */
const SUSPICIOUS_MS = 15;
/** Of four times the length: sixteen where it is the square. */
const MAX_GROWTH = 9;
/**
 * Read in lines of at most a thousand characters, where a square is nothing; with a small time limit their automata, which
 * are large, would be told on a fast machine only. They are measured as all are.
 */
const OF_SHORT_LINES = ["mail/recipient-shapes.ts"];
/** An expression that is copied is looked at where it is written out. */
const COPIES = ["providers/copernica-signature.ts"];

let source: Expressions;
let constructed: Constructed[] = [];
let all: Expression[] = [];
beforeAll(async () => {
  source = expressionsOfSource();
  constructed = await constructedExpressions();
  const one = new Map([...source.literals, ...constructed].map((e) => [`/${e.source}/${e.flags}`, e]));
  all = [...one.values()];
}, TIMEOUT_MS);

describe("an expression", () => {
  it("is found, written out or put together", () => {
    expect(source.literals.length).toBeGreaterThan(400);
    const missed = [...source.constructed].flatMap(([file, count]) => {
      const found = new Set(constructed.filter((e) => e.file === file).map(({ place }) => place)).size;
      return found < count && !COPIES.includes(file) ? [`${file}: ${found} of ${count}`] : [];
    });
    expect(missed, "put together, but never here").toEqual([]);
  });

  it(
    "has an automaton that does not go round in circles",
    async () => {
      const found: string[] = [];
      const rest = all.filter(({ file }) => !OF_SHORT_LINES.includes(file));
      const look = async () => {
        for (let next = rest.pop(); next; next = rest.pop()) {
          if ((await growthOf(next.source, next.flags)) === "faster") found.push(`${next.file}: /${next.source}/`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, look));
      expect(found).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "takes four times as long for four times as much of its own characters",
    () => {
      const found = all.flatMap(({ file, source, flags }) => {
        const expression = new RegExp(source, flags);
        const isSlow = (unit: string) => {
          const short = timeOf(expression, unit, SHORT, SUSPICIOUS_MS);
          return short > SUSPICIOUS_MS && timeOf(expression, unit, LONG) > MAX_GROWTH * short;
        };
        const unit = stumblingBlocks(source).find(isSlow);
        return unit === undefined ? [] : [`${file}: /${source}/ on ${JSON.stringify(unit)}`];
      });
      expect(found).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe("this test", () => {
  it.each(["(a+)+$", "^(?:a|a)*b", "\\s+$", "\\(.*/[^/]+\\)$", "a*a*b"])("would find /%s/", async (bad) => {
    expect(await growthOf(bad, "")).toBe("faster");
  });

  it.each(["^a+$", "a{1,500}b", "\\bfrom (?:the )?sender\\b"])("lets /%s/ pass", async (good) => {
    expect(await growthOf(good, "")).toBe("linear");
  });

  it("would measure a square", () => {
    const [short, long] = [SHORT, LONG].map((length) => timeOf(/\s*\(from/, " ", length));
    expect(short).toBeGreaterThan(SUSPICIOUS_MS);
    expect(long).toBeGreaterThan(MAX_GROWTH * (short ?? 0));
  });

  it("asks less of an automaton than the expression does", () => {
    expect(capped("^a{1,160}[b{2,90}]\\{3,4}c{7}d{2,}e{0,1}$")).toBe("^a{1,3}[b{2,90}]\\{3,4}c{2}d{2,}e{0,1}$");
  });
});
