/** Random numbers that a seed repeats: mulberry32. What threads of the network do to their order, no seed repeats. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  of<T>(list: readonly T[]): T {
    const one = list[this.between(0, list.length - 1)];
    if (one === undefined) throw new Error("nothing to choose from");
    return one;
  }
}

/** `SEED`, or one that was not there before. */
export function seedFromEnv(): number {
  const text = process.env.SEED ?? "";
  return /^\d+$/.test(text) ? Number(text) : Date.now() % 2 ** 32;
}

export function numberFromEnv(name: string, usual: number): number {
  const text = process.env[name] ?? "";
  return /^[1-9]\d*$/.test(text) ? Number(text) : usual;
}
