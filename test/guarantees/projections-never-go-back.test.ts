/**
 * Projections never go back.
 *
 * The version of a recipient's row only rises, in every write to it, whoever writes and whatever failed before: a
 * decision that arrives late is dropped, and a rebuild continues above what was published, also where the object lost its
 * storage and its clock was set back. What the edge cache is noted to hold never goes back either.
 *
 * Not promised: that the edge cache itself never shows an older answer. Its writers can overtake each other; the cron
 * settles it a minute after the dust has.
 */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HeldStep, holdStep, nth, withFaults } from "../support/faults";
import { edgeOf, expectAgreement, policyOf, rowOf } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { command, deliver, everyFault, newRound, rebuild } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, START_MS, setStage, settle } from "../support/stage";
import { objectOf, rowsOf } from "../support/stores";
import { api, bindings, runCron, testEnv } from "../support/worker";

setStage();

const at = START_MS - 10 * MINUTE_MS;

/** Notes every write to a row that does not raise its version, or that lowers what was said of the edge cache. */
async function watchVersions(): Promise<void> {
  const { DB } = bindings;
  const note = (what: string) => `INSERT INTO gone_back VALUES ('${what}', old.address)`;
  await DB.batch([
    DB.prepare("CREATE TABLE gone_back (what TEXT, address TEXT)"),
    DB.prepare("CREATE TABLE risen (n INTEGER)"),
    // The cron only notes what it settled; every other write is a projection.
    DB.prepare(
      `CREATE TRIGGER same_version AFTER UPDATE ON recipients WHEN new.version <= old.version
         AND (new.suppressions, new.soft_count, new.updated_at, new.answer_version) IS NOT (old.suppressions, old.soft_count, old.updated_at, old.answer_version)
       BEGIN ${note("version")}; END`,
    ),
    DB.prepare(
      `CREATE TRIGGER lower AFTER UPDATE ON recipients WHEN new.version < old.version OR new.answer_version < old.answer_version
         OR new.kv_version < old.kv_version OR new.kv_version > new.answer_version BEGIN ${note("lower")}; END`,
    ),
    DB.prepare(`CREATE TRIGGER removed AFTER DELETE ON recipients BEGIN ${note("removed")}; END`),
    DB.prepare(
      "CREATE TRIGGER risen AFTER UPDATE ON recipients WHEN new.version > old.version BEGIN INSERT INTO risen VALUES (1); END",
    ),
  ]);
}

/** Two requests, of which the second runs while a step of the first is held up. */
async function overtake(held: HeldStep, first: (env: Env) => Promise<unknown>, second: () => Promise<unknown>) {
  const late = first(testEnv(withFaults(held.plan).bindings));
  await held.reached;
  await second();
  held.release();
  await late;
}

type Env = ReturnType<typeof testEnv>;

beforeAll(watchVersions);
afterEach(async () => {
  expect(await rowsOf("SELECT * FROM gone_back")).toEqual([]);
});

describe("Projections never go back", () => {
  it("holds through bounces, deliveries, a release, a block and a rebuild, whichever step fails", async () => {
    const steps = await everyFault({
      play: async ({ address, env }) => {
        const recipient = address("ann");
        const about = (message: string, minute: number) => ({ recipient, message, at: at + minute * MINUTE_MS });
        await deliver("inboxroad", [bounce("soft", about("1", 1)), bounce("hard", about("2", 2))], env);
        await deliver("inboxroad", [delivery(about("3", 3))], env);
        await command("DELETE", recipient, env);
        await rebuild(recipient, env);
        await command("PUT", recipient, env);
        pass(2 * MINUTE_MS);
        await reconcile(env);
      },
      check: async ({ address }) => {
        await settle();
        const { verdict } = await expectAgreement(address("ann"));
        expect(verdict.suppressions.map((s) => s.reason)).toEqual(["manual"]);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(25);
    expect((await rowsOf("SELECT * FROM risen")).length).toBeGreaterThan(steps);
  });

  it("drops a decision that arrives after a later one", async () => {
    const { address } = newRound();
    const recipient = address("ann");
    const soft = (message: string, minute: number) =>
      bounce("soft", { recipient, message, at: at + minute * MINUTE_MS });
    let between: unknown;
    await overtake(
      holdStep(nth(1, "db", "batch"), "before"),
      (env) => deliver("inboxroad", [soft("1", 1)], env),
      async () => {
        await deliver("inboxroad", [soft("2", 2)], testEnv());
        between = await rowOf(recipient);
      },
    );
    expect(between).toMatchObject({ soft_count: 2 });
    expect(await rowOf(recipient)).toEqual(between);
    await settle();
    await expectAgreement(recipient);
  });

  it("drops a probe that was given out when its outcome is known before it, and in the end the edge cache too", async () => {
    const policy = { POLICY: { probation: { enabled: true } } };
    const { address } = newRound();
    const recipient = address("ann");
    const soft = (i: number) => bounce("soft", { recipient, message: `${i}`, at: Date.now() - i });
    await deliver("inboxroad", [1, 2, 3, 4, 5].map(soft), testEnv(policy));
    pass(DAY_MS);
    for (const step of [nth(0, "db", "batch"), nth(0, "kv", "put")]) {
      const outcome = bounce("soft", { recipient, message: `probe ${Date.now()}`, at: Date.now() });
      let between: unknown;
      await overtake(
        holdStep(step, "before"),
        (env) => api(`/v1/check?recipient=${recipient}`, { env: { ...env, ...policy } }),
        async () => {
          await deliver("inboxroad", [outcome], testEnv(policy));
          between = await rowOf(recipient);
        },
      );
      expect(await rowOf(recipient)).toEqual(between);
      await settle(testEnv(policy));
      await expectAgreement(recipient, policyOf(policy.POLICY));
      pass(7 * DAY_MS);
    }
  });

  it("leaves the edge cache right in the end, however its writers overtook each other", async () => {
    const { address } = newRound();
    const recipient = address("ann");
    await overtake(
      holdStep(nth(0, "kv", "put"), "before"),
      (env) => deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], env),
      () => command("DELETE", recipient, testEnv()),
    );
    // The older answer was written last.
    expect(await edgeOf(recipient)).toMatchObject({ reasons: { hard: { since: at } } });
    await settle();
    expect(await edgeOf(recipient)).toBeNull();
    await expectAgreement(recipient);
  });

  it("does not take as settled what changed while the cron wrote it", async () => {
    const { address } = newRound();
    const recipient = address("ann");
    await deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], testEnv());
    pass(2 * MINUTE_MS);
    await overtake(
      holdStep(nth(0, "kv", "put"), "before"),
      (env) => runCron(env),
      () => command("DELETE", recipient, testEnv()),
    );
    expect(await edgeOf(recipient)).not.toBeNull();
    await settle();
    expect(await edgeOf(recipient)).toBeNull();
    await expectAgreement(recipient);
  });

  it("does not forget what a later run of the cron settled when an earlier one ends", async () => {
    const { address } = newRound();
    const recipient = address("ann");
    await deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], testEnv());
    pass(2 * MINUTE_MS);
    // The first thing that the cron runs on the database: noting what it wrote to the edge cache.
    await overtake(
      holdStep(nth(0, "db", "run"), "before"),
      (env) => runCron(env),
      async () => {
        await command("DELETE", recipient, testEnv());
        await settle();
      },
    );
    const row = await rowOf(recipient);
    expect(row?.kv_version).toBe(row?.answer_version);
    await expectAgreement(recipient);
  });

  it("continues above the published version when an object lost its storage and its clock was set back", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    await deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], env);
    await deliver("inboxroad", [bounce("soft", { recipient, message: "2", at })], env);
    const before = await rowOf(recipient);
    await loseStorage(recipient);
    pass(-DAY_MS);
    await rebuild(recipient, env);
    pass(DAY_MS);
    const after = await rowOf(recipient);
    expect(after?.version).toBeGreaterThan(before?.version ?? Number.POSITIVE_INFINITY);
    expect({ ...after, version: 0, updated_at: 0 }).toEqual({ ...before, version: 0, updated_at: 0 });
    await settle();
    await expectAgreement(recipient);
  });

  it("continues above the published version after a rebuild, whatever comes next", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    const versions: number[] = [];
    const noteVersion = async () => versions.push((await rowOf(recipient))?.version ?? 0);
    await deliver("inboxroad", [bounce("soft", { recipient, message: "1", at })], env);
    await noteVersion();
    for (const message of ["2", "3", "4"]) {
      await loseStorage(recipient);
      await rebuild(recipient, env);
      await noteVersion();
      await deliver("inboxroad", [bounce("soft", { recipient, message, at })], env);
      await noteVersion();
    }
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    await settle();
    expect((await expectAgreement(recipient)).verdict.softCount).toBe(4);
  });
});

/** All that an object has stored and remembers. */
async function loseStorage(address: string): Promise<void> {
  const stub = await objectOf(address);
  await runInDurableObject(stub, async (instance, state) => {
    await state.storage.deleteAll();
    Object.assign(instance, { cached: undefined });
  });
}
