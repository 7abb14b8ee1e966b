/** Finds the first rule whose wording a text holds, without running every pattern. */
import { alternativesOf, outerLetters, requiredLiterals } from "./classify-literals";
import type { RuleCondition, TextRule } from "./classify-rule";
import { sourceOf } from "./classify-wording";
import type { EvidenceLevel } from "./status-codes";

/** The slots of a literal's trigrams, or of the pair that it is. */
type Slots = readonly number[];

/** One alternative of a wording. What is known of it is found out as texts ask for it. */
interface Wording {
  readonly rule: TextRule;
  readonly text: string;
  /** A match holds these. */
  outer?: Slots;
  /** And one literal of each of these sets. */
  required?: readonly (readonly Slots[])[];
  pattern?: RegExp;
}

export interface Matcher {
  /**
   * The first rule of that level, in the order of the rules, one of whose wordings is in `words` and whose conditions
   * hold.
   */
  find(words: string, level: EvidenceLevel, holds: (condition: RuleCondition) => boolean): TextRule | undefined;
}

const SLOTS = 4_096;
const LAST_ASCII = 0x7f;

/** @returns a matcher over rules in their order; wordings are read, and their patterns compiled, as texts need them */
export function matcherOf(rules: readonly TextRule[]): Matcher {
  const wordings = {
    strong: wordingsOf(rules.filter((rule) => rule.level === "strong")),
    weak: wordingsOf(rules.filter((rule) => rule.level === "weak")),
  };
  return {
    find(words, level, holds) {
      const present = trigramsOf(words);
      const found = wordings[level].find(
        (wording) =>
          mayOccur(wording, present) &&
          (wording.rule.when === undefined || holds(wording.rule.when)) &&
          patternOf(wording).test(words),
      );
      return found?.rule;
    },
  };
}

function wordingsOf(rules: readonly TextRule[]): Wording[] {
  return rules.flatMap((rule) => rule.wording.flatMap(alternativesOf).map((text): Wording => ({ rule, text })));
}

function patternOf(wording: Wording): RegExp {
  wording.pattern ??= new RegExp(sourceOf(wording.text));
  return wording.pattern;
}

/** False only where the wording cannot match; two trigrams may share a slot. Loops, because it runs for every wording. */
function mayOccur(wording: Wording, present: Uint8Array): boolean {
  wording.outer ??= slotsOf(outerLetters(wording.text));
  if (!holdsAll(wording.outer, present)) return false;
  wording.required ??= requiredLiterals(wording.text).map((literals) => literals.map(slotsOf));
  for (const literals of wording.required) if (!holdsOne(literals, present)) return false;
  return true;
}

function holdsOne(literals: readonly Slots[], present: Uint8Array): boolean {
  for (const slots of literals) if (holdsAll(slots, present)) return true;
  return false;
}

function holdsAll(slots: Slots, present: Uint8Array): boolean {
  for (const slot of slots) if (present[slot] !== 1) return false;
  return true;
}

function trigramsOf(words: string): Uint8Array {
  const present = new Uint8Array(SLOTS);
  for (let i = 1; i < words.length; i++) {
    present[slotOfThree(words, i)] = 1;
    if (words.charCodeAt(i) > LAST_ASCII) present[slotOfTwo(words, i)] = 1;
  }
  return present;
}

const KNOWN_SLOTS = new Map<string, Slots>();

function slotsOf(literal: string): Slots {
  const known = KNOWN_SLOTS.get(literal);
  if (known) return known;
  const slots: number[] = [];
  if (literal.length === 2) slots.push(slotOfTwo(literal, 1));
  for (let i = 2; i < literal.length; i++) slots.push(slotOfThree(literal, i));
  KNOWN_SLOTS.set(literal, slots);
  return slots;
}

/** Of the three UTF-16 units that end at `i`. */
function slotOfThree(text: string, i: number): number {
  return (text.charCodeAt(i - 2) * 961 + text.charCodeAt(i - 1) * 31 + text.charCodeAt(i)) & (SLOTS - 1);
}

function slotOfTwo(text: string, i: number): number {
  return (text.charCodeAt(i - 1) * 31 + text.charCodeAt(i)) & (SLOTS - 1);
}
