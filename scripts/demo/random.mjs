/** Chance that repeats: the same seed gives the same people, messages and mishaps. */

/** @param {string} seed */
export function createRandom(seed) {
  let state = hashOf(seed);
  /** mulberry32: from 0 to just below 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)],
    /** One of a list whose members have a `weight`. */
    weighted: (list) => {
      let left = next() * list.reduce((sum, { weight }) => sum + weight, 0);
      for (const member of list) {
        left -= member.weight;
        if (left < 0) return member;
      }
      return list[0];
    },
    hex: (length) => Array.from({ length }, () => below(16).toString(16)).join(""),
  };
}

/** FNV-1a, 32 bit. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return hash >>> 0;
}

/** A UUID that is a function of its name. */
export function uuidOf(name) {
  const hex = createRandom(name).hex(32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
