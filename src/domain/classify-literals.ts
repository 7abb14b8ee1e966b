/**
 * Which letters must a text hold for a wording to match at all? The rules have hundreds of wordings and a text matches
 * one or two, so this is asked before any pattern is compiled or run.
 *
 * It reads wordings as the rules write them (`classify-wording.ts`): letters, classes, groups, lookarounds, bounded
 * repetition, fragments. A construct that it does not know makes it claim less, never more.
 */
import { fragment } from "./classify-wording";

/** Shorter ones are in nearly every text; of scripts with many letters, two are few. */
const MIN_LENGTH = 3;
const RARE_PAIR = /^[^\0-\x7f]{2}$/;

/** Every text that matches holds, of each of these, one. */
export type RequiredLiterals = readonly (readonly string[])[];

/** @returns what every match of one alternative of a wording holds, the most selective first */
export function requiredLiterals(wording: string): RequiredLiterals {
  const literals = new WordingReader(wording).alternatives();
  return literals.toSorted((a, b) => shortest(b) - shortest(a));
}

/** The alternatives of a wording, `a|b`, apart: each has letters of its own. */
export function alternativesOf(wording: string): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < wording.length; i++) {
    const char = wording[i];
    if (char === "(" || char === "[") depth++;
    else if (char === ")" || char === "]") depth--;
    else if (char === "|" && depth === 0) {
      found.push(wording.slice(start, i));
      start = i + 1;
    }
  }
  return [...found, wording.slice(start)];
}

const OF_FRAGMENT = new Map<string, RequiredLiterals>();

function literalsOfFragment(name: string): RequiredLiterals {
  const known = OF_FRAGMENT.get(name) ?? new WordingReader(fragment(name)).alternatives();
  OF_FRAGMENT.set(name, known);
  return known;
}

/** Plain letters in a row. */
const LETTERS = /[^()[\]{}|?.$]+/y;
/** An address may follow a blank, so a blank ends what stands together. */
const AFTER_BLANK = /(?<= )/;
const GROUP_KINDS = ["?:", "?=", "?!", "?<=", "?<!"] as const;

class WordingReader {
  private at = 0;
  constructor(private readonly wording: string) {}

  /** `a|b|c`, up to a closing bracket. */
  alternatives(): RequiredLiterals {
    const first = this.sequence();
    if (this.peek() !== "|") return first;
    const best = [mostSelective(first)];
    while (this.peek() === "|") {
      this.at++;
      best.push(mostSelective(this.sequence()));
    }
    return best.includes(undefined) ? [] : [[...new Set(best.flatMap((literals) => literals ?? []))]];
  }

  /** One thing after the other: all that any of them requires. */
  private sequence(): RequiredLiterals {
    const all: (readonly string[])[] = [];
    for (let next = this.peek(); next !== undefined && next !== "|" && next !== ")"; next = this.peek()) {
      const letters = this.letters();
      if (letters !== "") {
        // A quantifier is about the last letter only.
        const sure = this.quantifier() === "once" ? letters : letters.slice(0, -1);
        for (const piece of sure.split(AFTER_BLANK)) if (isRare(piece)) all.push([piece]);
      } else {
        const requires = this.atom();
        if (this.quantifier() !== "maybe") all.push(...requires);
      }
    }
    return all;
  }

  private letters(): string {
    LETTERS.lastIndex = this.at;
    const found = LETTERS.exec(this.wording)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** Whatever is no letter: a group, a fragment, a class. */
  private atom(): RequiredLiterals {
    const char = this.wording[this.at++];
    if (char === "(") return this.group();
    if (char === "{") return literalsOfFragment(this.upTo("}"));
    if (char === "[") this.upTo("]");
    return [];
  }

  private group(): RequiredLiterals {
    const kind = GROUP_KINDS.find((mark) => this.wording.startsWith(mark, this.at)) ?? "";
    this.at += kind.length;
    const requires = this.alternatives();
    this.at++;
    return kind === "?:" ? requires : [];
  }

  private quantifier(): "once" | "maybe" | "some" {
    const char = this.peek();
    if (char !== "?" && char !== "{") return "once";
    const least = this.wording[this.at + 1] ?? "";
    if (char === "?") this.at++;
    // `{` begins a fragment unless a number follows.
    else if (least >= "0" && least <= "9") this.upTo("}");
    else return "once";
    return char === "?" || least === "0" ? "maybe" : "some";
  }

  /** Goes past the next `end`. */
  private upTo(end: string): string {
    const from = this.at;
    const to = this.wording.indexOf(end, from);
    this.at = to + 1;
    return this.wording.slice(from, to);
  }

  private peek(): string | undefined {
    return this.wording[this.at];
  }
}

function isRare(letters: string): boolean {
  return letters.length >= MIN_LENGTH || RARE_PAIR.test(letters);
}

/** Long letters are rare. */
function mostSelective(sets: RequiredLiterals): readonly string[] | undefined {
  return sets.reduce<readonly string[] | undefined>(
    (best, set) => (best === undefined || shortest(set) > shortest(best) ? set : best),
    undefined,
  );
}

function shortest(literals: readonly string[]): number {
  return literals.reduce((least, literal) => Math.min(least, literal.length), Number.POSITIVE_INFINITY);
}
