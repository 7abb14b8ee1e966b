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

/** Whatever stands in brackets, in up to four pairs of them. */
const CLASS = String.raw`\[[^[\]]*\]`;
const GROUP = [1, 2, 3].reduce((inner) => String.raw`\((?:[^()]|${inner})*\)`, String.raw`\([^()]*\)`);
const ALTERNATIVE = new RegExp(`(?:${GROUP}|${CLASS}|[^|([])+`, "g");
const QUANTIFIER = String.raw`(?:\?|\{\d[\d,]*\})`;
/**
 * What parts letters from letters: a group, a class or a fragment; a letter that may be absent; anything. And the end of
 * a blank, since an address may follow it.
 */
const BREAK = new RegExp(`((?:${GROUP}|\\{[a-z]+\\}|${CLASS})${QUANTIFIER}?|[^()]${QUANTIFIER}|[.$]|(?<= ))`);
/** Nothing that parts letters, as in most groups. */
const SINGLE_WORDS = /^[^ ()[\]{}?.$]*$/;
const MAY_BE_ABSENT = /(?:\?|\{0[\d,]*\})$/;
/** Of more pairs than can be told apart. */
const BRACKET = /[()[\]{}|]/;

/** The alternatives of a wording, `a|b`, apart: each has letters of its own. */
export function alternativesOf(wording: string): readonly string[] {
  return wording.includes("|") ? (wording.match(ALTERNATIVE) ?? []) : [wording];
}

/**
 * The first of two looks at an alternative, a quick one, since most are never looked at again.
 *
 * @returns the longest letters that stand outside its brackets; empty where they are none to go by
 */
export function outerLetters(alternative: string): string {
  const pieces = alternative.split(BREAK);
  if (!areLetters(pieces)) return "";
  let longest = "";
  for (let i = 0; i < pieces.length; i += 2) {
    const letters = pieces[i] ?? "";
    if (letters.length > longest.length) longest = letters;
  }
  return isRare(longest) ? longest : "";
}

/** @returns what every match of one alternative of a wording holds, the most selective first */
export function requiredLiterals(wording: string): RequiredLiterals {
  return literalsOf(wording).toSorted((a, b) => shortest(b) - shortest(a));
}

/** Of `a|b|c`, one of what each of them requires. */
function literalsOf(wording: string): RequiredLiterals {
  if (SINGLE_WORDS.test(wording)) {
    const words = wording.split("|");
    return words.every(isRare) ? [words] : [];
  }
  const alternatives = alternativesOf(wording);
  if (alternatives.length === 1) return literalsOfSequence(wording);
  const best = alternatives.map((alternative) => mostSelective(literalsOfSequence(alternative)));
  return best.includes(undefined) ? [] : [[...new Set(best.flatMap((literals) => literals ?? []))]];
}

/** One thing after the other: all that any of them requires. Letters and what parts them take turns. */
function literalsOfSequence(sequence: string): RequiredLiterals {
  const pieces = sequence.split(BREAK);
  if (!areLetters(pieces)) return [];
  return pieces.flatMap((piece = "", i) => (i % 2 ? literalsOfBreak(piece) : isRare(piece) ? [[piece]] : []));
}

/** Letters and breaks in turn: is there among the former a bracket without its other half, or too deep? */
function areLetters(pieces: readonly string[]): boolean {
  return pieces.every((piece, i) => i % 2 === 1 || !BRACKET.test(piece));
}

function literalsOfBreak(piece: string): RequiredLiterals {
  if (MAY_BE_ABSENT.test(piece)) return [];
  if (piece.startsWith("(?:")) return literalsOf(piece.slice("(?:".length, piece.lastIndexOf(")")));
  return piece.startsWith("{") ? literalsOfFragment(piece.slice(1, piece.indexOf("}"))) : [];
}

const OF_FRAGMENT = new Map<string, RequiredLiterals>();

function literalsOfFragment(name: string): RequiredLiterals {
  const known = OF_FRAGMENT.get(name) ?? literalsOf(fragment(name));
  OF_FRAGMENT.set(name, known);
  return known;
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
