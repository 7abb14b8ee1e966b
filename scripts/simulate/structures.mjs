/** What a simulation of discrete events is made of: what comes next, chance that a seed repeats, how long things took. */

/** A binary heap by time; what was put in first comes first among equals. */
export class Agenda {
  #entries = [];
  #puts = 0;

  get size() {
    return this.#entries.length;
  }

  /** When the next one is due. */
  get next() {
    return this.#entries.length ? this.#entries[0].at : Number.POSITIVE_INFINITY;
  }

  put(at, act) {
    const list = this.#entries;
    let i = list.push({ at, order: this.#puts++, act }) - 1;
    for (; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(list[i], list[parent])) break;
      [list[i], list[parent]] = [list[parent], list[i]];
      i = parent;
    }
  }

  take() {
    const list = this.#entries;
    const first = list[0];
    const last = list.pop();
    if (list.length) {
      list[0] = last;
      for (let i = 0; ; ) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        let least = i;
        if (left < list.length && isBefore(list[left], list[least])) least = left;
        if (right < list.length && isBefore(list[right], list[least])) least = right;
        if (least === i) break;
        [list[i], list[least]] = [list[least], list[i]];
        i = least;
      }
    }
    return first;
  }
}

function isBefore(a, b) {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** mulberry32 */
export class Chance {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, 1 excluded. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n) {
    return Math.floor(this.next() * n);
  }

  /** Until the next arrival of a Poisson process. */
  exponential(mean) {
    return -mean * Math.log(1 - this.next());
  }
}

const GROWTH = Math.log(1.02);

/** How long things took, within two in a hundred. */
export class Durations {
  #counts = new Map();
  #total = 0;
  max = 0;

  add(ms, count = 1) {
    const bucket = Math.round(Math.log(Math.max(ms, 0.1)) / GROWTH);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
    this.max = Math.max(this.max, ms);
  }

  /** In ms. */
  quantile(q) {
    let left = q * this.#total;
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(bucket);
      if (left <= 0) return Math.min(this.max, Math.exp(bucket * GROWTH));
    }
    return this.max;
  }
}
