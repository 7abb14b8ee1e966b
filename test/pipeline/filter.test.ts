/** The filter: when it is built, of what, and what becomes of it when something fails. */
import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { failStore, withFaults } from "../support/faults";
import { EVERY_MS, getFilter, isIn, TINY, tend, theFilter } from "../support/filters";
import { block, bounced, iso, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { rowsOf, tamper } from "../support/stores";
import { bindings, freshStores, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const AT = START_MS - MINUTE_MS;
const names = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}@example.com`);
const list = (recipients: readonly string[]) => report(recipients.map((name) => bounced(name, "hard", AT, name)));
const partsIn = async (kv: KVNamespace) => (await kv.list({ prefix: "filter:v1:part:" })).keys.map(({ name }) => name);
const builds = () => rowsOf<{ version: number; published_at: number | null }>("SELECT * FROM filter_builds");

describe("the filter", () => {
  it("holds who is suppressed, and hardly anybody else", async () => {
    await list(names(40));
    await block("@example.net");
    await report({ kind: "complained", recipient: "angry@example.org", at: AT });
    await report({ kind: "manual_allow", recipient: "allowed@example.org" });
    await report(bounced("soft@example.org", "soft", AT));
    await release("user-0@example.com");
    await runCron();
    const filter = await theFilter();
    expect(filter).toMatchObject({ version: 1, shardBits: 0, count: 41, builtAt: Date.now() });
    expect(
      names(40)
        .slice(1)
        .every((name) => isIn(filter, name)),
    ).toBe(true);
    expect(isIn(filter, "angry@example.org")).toBe(true);
    expect(isIn(filter, "@example.net")).toBe(true);
    expect(["@example.com", "@example.org", "@user-1.example.com"].some((name) => isIn(filter, name))).toBe(false);
    const strangers = Array.from({ length: 1_000 }, (_, i) => `stranger-${i}@example.com`);
    expect(strangers.filter((name) => isIn(filter, name)).length).toBeLessThan(20);
  });

  it("is there, and empty, where nobody is suppressed", async () => {
    await runCron();
    const filter = await theFilter();
    expect(filter).toMatchObject({ version: 1, count: 0 });
    expect(names(1_000).some((name) => isIn(filter, name))).toBe(false);
  });

  it("holds those of whom only the hash is left", async () => {
    await list(["erased@example.com"]);
    await tamper(
      "UPDATE recipients SET address = NULL, domain = NULL WHERE key = ?",
      await sha256Hex("erased@example.com"),
    );
    await runCron();
    expect(isIn(await theFilter(), "erased@example.com")).toBe(true);
    await list(["erased-too@example.com"]);
    await block("@erased.example");
    await tamper("UPDATE recipients SET address = key || '@erased.invalid', domain = 'erased.invalid'");
    pass(EVERY_MS);
    await runCron();
    const filter = await theFilter();
    expect(filter.count).toBe(3);
    for (const recipient of ["erased@example.com", "erased-too@example.com", "@erased.example"]) {
      expect(isIn(filter, recipient), recipient).toBe(true);
    }
  });

  it("is the same in many shards, read in many stretches, over many runs", async () => {
    await list(names(100));
    for (const domain of ["a", "b", "c", "d", "e"]) await block(`@${domain}.example.net`);
    for (let runs = 1; ; runs++) {
      await tend({ ...TINY, stretchesPerRun: 4 });
      if ((await builds())[0]?.published_at) {
        expect(runs).toBeGreaterThan(5);
        break;
      }
      expect((await getFilter()).status).toBe(503);
    }
    const filter = await theFilter();
    expect(filter).toMatchObject({ version: 1, shardBits: 5, count: 105 });
    expect(names(100).every((name) => isIn(filter, name))).toBe(true);
    expect(["a", "b", "c", "d", "e"].every((domain) => isIn(filter, `@${domain}.example.net`))).toBe(true);
    expect(isIn(filter, "@f.example.net")).toBe(false);
  });
});

describe("a new filter", () => {
  it("is built where the list has changed, and only every quarter of an hour", async () => {
    await list(["ann@example.com"]);
    await runCron();
    await list(["bob@example.com"]);
    pass(EVERY_MS - 1);
    await runCron();
    expect((await theFilter()).version).toBe(1);
    pass(1);
    await runCron();
    const filter = await theFilter();
    expect(filter.version).toBe(2);
    expect(isIn(filter, "bob@example.com")).toBe(true);
  });

  it("is not built while nothing changes, and what there is remains known to be current", async () => {
    await list(["ann@example.com"]);
    await runCron();
    const before = await getFilter();
    for (let i = 0; i < 3; i++) {
      pass(EVERY_MS);
      await report(bounced("soft@example.com", "soft", AT, `soft-${i}`));
      await runCron();
    }
    const after = await getFilter();
    expect(after.headers.get("etag")).toBe(before.headers.get("etag"));
    expect(before.headers.get("x-filter-current-at")).toBe(iso(Date.now() - 3 * EVERY_MS));
    expect(after.headers.get("x-filter-current-at")).toBe(iso(Date.now()));
    expect(await builds()).toHaveLength(1);
  });

  it("is built as often as the configuration says, or not at all", async () => {
    await list(["ann@example.com"]);
    const off = testEnv({ FILTER_MINUTES: 0 });
    await runCron(off);
    expect(await builds()).toEqual([]);
    expect((await getFilter({}, off)).status).toBe(404);
    const often = testEnv({ FILTER_MINUTES: "1" });
    await runCron(often);
    await list(["bob@example.com"]);
    pass(MINUTE_MS);
    await runCron(often);
    expect((await theFilter(often)).version).toBe(2);
    // It may be old by now: nobody looks after it any more.
    expect((await getFilter({}, off)).status).toBe(404);
  });

  it("comes the later the more rows it has to read", async () => {
    await list(["ann@example.com"]);
    await runCron();
    await tamper("UPDATE filter_builds SET parts = json_replace(parts, '$[0].scanned', 6000000)");
    await list(["bob@example.com"]);
    pass(59 * MINUTE_MS);
    await runCron();
    expect((await theFilter()).version).toBe(1);
    pass(MINUTE_MS);
    await runCron();
    expect((await theFilter()).version).toBe(2);
  });

  it("takes the place of the one before, whose parts are removed when nobody reads them any more", async () => {
    for (let version = 1; version <= 4; version++) {
      await list(names(version * 10));
      pass(EVERY_MS);
      await tend(TINY);
      const parts = await partsIn(bindings.SUPPRESSIONS);
      const versions = new Set(parts.map((name) => Number(name.split(":")[3])));
      expect([...versions]).toEqual(version === 1 ? [1] : [version - 1, version]);
      expect(await builds()).toHaveLength(1);
    }
    expect((await theFilter()).version).toBe(4);
  });

  it("is built once, whoever builds it at the same time", async () => {
    await list(names(30));
    await Promise.all([tend(TINY), tend(TINY), tend(TINY)]);
    for (let i = 0; i < 3; i++) await tend(TINY);
    const filter = await theFilter();
    expect(filter).toMatchObject({ version: 1, count: 30 });
    expect(names(30).every((name) => isIn(filter, name))).toBe(true);
  });
});

describe("when something fails", () => {
  it("the filter before is served until the next one is complete", async () => {
    await list(["ann@example.com"]);
    await runCron();
    await list(["bob@example.com"]);
    pass(EVERY_MS);
    await runCron(testEnv(withFaults(failStore("kv")).bindings));
    expect((await theFilter()).version).toBe(1);
    await runCron();
    expect((await theFilter()).version).toBe(2);
  });

  it("any step, once, the next runs finish it", async () => {
    const listed = names(40);
    await list(listed);
    const limits = { ...TINY, keysPerShard: 16, rowsPerStretch: 8 };
    await tend(limits);
    let steps = 0;
    for (let n = 0, struck = true; struck; n++) {
      for (const moment of ["before", "after"] as const) {
        pass(EVERY_MS);
        // One comes and one goes: each build takes the same steps.
        const another = `${moment}-${n}@example.com`;
        await list([another]);
        listed.push(another);
        await release(listed.shift() ?? "");
        const faults = withFaults((_step, index) => (index === n ? moment : null));
        await tend(limits, testEnv(faults.bindings)).catch(() => {});
        struck = faults.struck() > 0;
        steps = faults.steps.length;
        for (let i = 0; i < 2; i++) await tend(limits);
        const filter = await theFilter();
        expect(filter.count, `step ${n} ${moment}`).toBe(listed.length);
        expect(listed.every((name) => isIn(filter, name))).toBe(true);
        if (faults.steps[n]?.isRead) break;
      }
    }
    expect(steps).toBeGreaterThan(20);
  });

  it("and the namespace has been emptied, it is built anew, above every version before", async () => {
    await list(names(5));
    await runCron();
    const { etag } = Object.fromEntries((await getFilter()).headers);
    for (const { name } of (await bindings.SUPPRESSIONS.list()).keys) await bindings.SUPPRESSIONS.delete(name);
    expect((await getFilter()).status).toBe(503);
    pass(EVERY_MS);
    await runCron();
    expect(await theFilter()).toMatchObject({ version: 2, count: 5 });
    expect((await getFilter()).headers.get("etag")).not.toBe(etag);
  });

  it("and the database has been replaced, too", async () => {
    await list(names(5));
    for (let i = 0; i < 3; i++) {
      await list([`more-${i}@example.com`]);
      pass(EVERY_MS);
      await runCron();
    }
    await tamper("DELETE FROM filter_builds");
    await runCron();
    expect((await theFilter()).version).toBe(4);
  });

  it("and a part is missing, nothing is answered that could be taken for a filter", async () => {
    await list(names(20));
    await tend(TINY);
    const parts = await partsIn(bindings.SUPPRESSIONS);
    expect(parts.length).toBeGreaterThan(3);
    await bindings.SUPPRESSIONS.put(parts.at(-1) ?? "", "short");
    const broken = await getFilter().then(
      async (response) => (await response.arrayBuffer()).byteLength,
      (error: unknown) => error,
    );
    expect(broken).toBeInstanceOf(Error);
    await bindings.SUPPRESSIONS.delete(parts[0] ?? "");
    expect((await getFilter()).status).toBe(503);
  });

  it("an old clock does not keep it from being built for ever", async () => {
    await runCron();
    await list(["ann@example.com"]);
    pass(DAY_MS);
    await runCron();
    expect(isIn(await theFilter(), "ann@example.com")).toBe(true);
  });
});
