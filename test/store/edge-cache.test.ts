import { beforeEach, describe, expect, it } from "vitest";
import { edgeKey, readEdge, writeEdge } from "../../src/store/edge-cache";
import { RECENT_MS } from "../../src/store/recent-answers";
import { bindings, freshStores } from "../support/worker";

const NOW = Date.UTC(2026, 10, 27);
const DOMAIN = "d".repeat(64);
const BLOCK = { reasons: { domain: { since: 1, until: null } } };
const block = (key: string) => ({ key, answer: JSON.stringify(BLOCK), version: 1 });

beforeEach(freshStores);

/** KV that notes which keys it is asked for, and waits with its answers where it is told to. */
function watchedKv() {
  const asked: string[][] = [];
  let gate: Promise<void> = Promise.resolve();
  const kv = new Proxy(bindings.SUPPRESSIONS, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      if (name !== "get") return method.bind(target);
      return async (...args: [string | string[], ...unknown[]]) => {
        asked.push([args[0]].flat());
        const value = await method.apply(target, args);
        await gate;
        return value;
      };
    },
  });
  return { kv, asked, holdUntil: (opened: Promise<void>) => (gate = opened) };
}

describe("what the edge cache is asked for", () => {
  let { kv, asked, holdUntil } = watchedKv();
  beforeEach(() => {
    ({ kv, asked, holdUntil } = watchedKv());
  });
  const read = (own: string, now: number) => readEdge(kv, { own, domain: DOMAIN }, now);

  it("is both keys in one operation, and within the next ten seconds only the recipient's", async () => {
    await read("a", NOW);
    await read("b", NOW + RECENT_MS - 1);
    await read("c", NOW + RECENT_MS);
    expect(asked).toEqual([[edgeKey("a"), edgeKey(DOMAIN)], [edgeKey("b")], [edgeKey("c"), edgeKey(DOMAIN)]]);
  });

  it("is both keys again after the clock was set back", async () => {
    await read("a", NOW);
    await read("b", NOW - 1);
    expect(asked[1]).toHaveLength(2);
  });

  it("is answered with the domain's block, also when that was heard a moment ago", async () => {
    await bindings.SUPPRESSIONS.put(edgeKey(DOMAIN), JSON.stringify(BLOCK));
    expect((await read("a", NOW)).get(DOMAIN)).toEqual(BLOCK);
    expect((await read("b", NOW + 1)).get(DOMAIN)).toEqual(BLOCK);
  });

  it("includes the domain again as soon as this worker has blocked it, or taken the block back", async () => {
    await read("a", NOW);
    await writeEdge(bindings.SUPPRESSIONS, block(DOMAIN), NOW);
    expect((await read("a", NOW)).has(DOMAIN)).toBe(true);
    await writeEdge(bindings.SUPPRESSIONS, { ...block(DOMAIN), answer: null }, NOW);
    expect((await read("a", NOW)).has(DOMAIN)).toBe(false);
  });

  it("does not remember what was true before a write that came while it waited", async () => {
    let open = () => {};
    holdUntil(new Promise((resolve) => (open = () => resolve())));
    const late = read("a", NOW);
    await writeEdge(bindings.SUPPRESSIONS, block(DOMAIN), NOW);
    open();
    await late;
    expect((await read("a", NOW)).has(DOMAIN)).toBe(true);
  });

  it("is remembered, whatever else was written while it waited", async () => {
    let open = () => {};
    holdUntil(new Promise((resolve) => (open = () => resolve())));
    const late = read("a", NOW);
    await writeEdge(bindings.SUPPRESSIONS, block("somebody"), NOW);
    open();
    await late;
    await read("b", NOW);
    expect(asked[1]).toEqual([edgeKey("b")]);
  });

  it("keeps nothing of a failure", async () => {
    await bindings.SUPPRESSIONS.put(edgeKey(DOMAIN), JSON.stringify({ reasons: null }));
    await expect(read("a", NOW)).rejects.toThrow("unreadable");
    await expect(read("a", NOW)).rejects.toThrow("unreadable");
    expect(asked).toHaveLength(2);
  });

  it("is remembered of a thousand domains at most", async () => {
    await read("a", NOW);
    for (let i = 0; i < 1_000; i++) await readEdge(kv, { own: "a", domain: `domain-${i}` }, NOW);
    await read("a", NOW);
    expect(asked.at(-1)).toHaveLength(2);
  });
});
