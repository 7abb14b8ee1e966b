/**
 * Who is erased is erased for good, in every store: events, the raw bytes in which they came, decision, edge cache, the
 * object's storage; and nothing that was under way brings any of it back, whatever fails and whoever is late. What happens
 * later is recorded as of somebody new. With `keepSuppressed` the hash goes on being suppressed, and the address stands
 * nowhere; nothing automatic lifts it, and an operator's release does.
 *
 * Not promised: what cannot be found by the address. A raw body that only repeats events known before, or in which none
 * could be read, goes when its time is up; so do the database's own backups. Who knows an address can compute its hash.
 */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { erasedAddress } from "../../src/domain/address";
import { inboxroad } from "../../src/providers/inboxroad";
import type { Checked } from "../support/answer";
import { batchOf, bulk, erase, imported, listOf, reverted } from "../support/batches";
import { expectAgreementAfterErasure, objectStorageOf, tablesWith } from "../support/erasure";
import { failStore, holdStep, type Moment, withFaults } from "../support/faults";
import { edgeOf, eventsOf, expectAgreement, rowOf } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { hardBounce, posted, postedInVain, replayed, theItem } from "../support/quarantine";
import { block, bounced, delivered, rebuild, release, report, softBounces } from "../support/reports";
import { everyFault, newRound, postRecords, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { notingStatements, unindexed } from "../support/statements";
import { checkOf, countOf, objectOf, reasonsOf, rowsOf, standingOf, tamper, versionOf } from "../support/stores";
import { api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const KEEP = "?keepSuppressed=true";
const LATE_MS = 31 * MINUTE_MS;
let made = 0;
const someone = () => `erased-${++made}@example.com`;

/** Notes every write to a row that does not raise its version. */
beforeAll(async () => {
  const note = "INSERT INTO gone_back VALUES (old.key)";
  await bindings.DB.batch([
    bindings.DB.prepare("CREATE TABLE gone_back (key TEXT)"),
    bindings.DB.prepare(
      `CREATE TRIGGER goes_back AFTER UPDATE OF version ON recipients WHEN new.version <= old.version BEGIN ${note}; END`,
    ),
  ]);
});

afterEach(async () => {
  expect(await countOf("gone_back")).toBe(0);
});

/** Somebody with a history in which everything has its part. */
async function known(recipient = someone()): Promise<string> {
  const at = Date.now() - 60 * MINUTE_MS;
  await report([
    ...softBounces(recipient, 5, at),
    delivered(recipient, at - DAY_MS),
    { kind: "unsubscribed", recipient, at },
  ]);
  await block(recipient, { note: "by hand" });
  await imported(listOf([[recipient, "complaint"]]));
  return recipient;
}

async function erased(recipient: string, query = ""): Promise<{ events: number; key: string }> {
  const response = await erase(recipient, query);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

describe("nothing of it is left", () => {
  it("in the database, the edge cache and the object", async () => {
    const recipient = await known();
    const other = await known();
    const before = await standingOf(other);
    expect((await tablesWith(recipient)).length).toBeGreaterThan(1);
    expect(await objectStorageOf(recipient)).toContain(recipient);
    expect(await erased(recipient)).toMatchObject({ erased: true, events: 9, suppressed: false });
    expect(await tablesWith(recipient)).toEqual([]);
    expect(await edgeOf(recipient)).toBeNull();
    expect(await objectStorageOf(recipient)).not.toContain(recipient);
    for (const consistency of ["strong", "eventual"] as const) {
      expect(await checkOf(recipient, consistency)).toMatchObject({ suppressed: false });
    }
    for (const path of ["recipients", "suppressions"]) expect((await api(`/v1/${path}/${recipient}`)).status).toBe(404);
    expect((await jsonOf(await api(`/v1/events?recipient=${recipient}`))).items).toEqual([]);
    expect(await standingOf(other)).toEqual(before);
  });

  it("not even a row and an empty object, when nobody can be late any more", async () => {
    const recipient = await known();
    const { key } = await erased(recipient);
    expect(await rowOf(recipient)).toMatchObject({ address: null, domain: null, suppressions: "[]", answer: null });
    await settle();
    expect(await rowOf(recipient)).not.toBeNull();
    pass(LATE_MS);
    await runCron();
    expect(await rowOf(recipient)).toBeNull();
    expect(await tablesWith(key)).toEqual(["audit", "suppression_changes"]);
    const left = await runInDurableObject(await objectOf(recipient), async (_instance, { storage }) => ({
      values: [...storage.kv.list()],
      alarm: await storage.getAlarm(),
    }));
    expect(left).toEqual({ values: [], alarm: null });
  });

  it("of the bytes that it came in; the others of the same request stay on record", async () => {
    const { address, env } = newRound();
    const records = ["ann", "bob"].map((name) =>
      bounce("hard", { recipient: address(name), message: name, at: Date.now() }),
    );
    await postRecords("inboxroad", records, env);
    const [{ id = 0 } = {}] = await rowsOf<{ id: number }>("SELECT max(id) AS id FROM receipts");
    expect(await countOf("receipt_bodies WHERE receipt_id = ?", id)).toBe(1);
    await erased(address("ann"));
    expect(await countOf("receipt_bodies WHERE receipt_id = ?", id)).toBe(0);
    await settle();
    expect((await expectAgreement(address("bob"))).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
  });

  it("of what was in quarantine beside it, nor of what was read from there", async () => {
    const recipient = someone();
    await posted(JSON.stringify([hardBounce(recipient), { type: "unheard of" }]));
    expect(await countOf("quarantine")).toBe(1);
    await erased(recipient);
    expect(await countOf("quarantine")).toBe(0);

    await postedInVain(JSON.stringify([hardBounce(recipient)]), inboxroad);
    expect(await replayed((await theItem()).id)).toMatchObject({ new: 1, settled: true });
    const bodies = await countOf("receipt_bodies");
    await erased(recipient);
    expect(await countOf("receipt_bodies")).toBe(bodies - 2);
  });

  it("of what a request said in its URL", async () => {
    const recipient = someone();
    const headers = { authorization: "Bearer inboxroad-secret" };
    await api(`/webhooks/inboxroad?to=${recipient}`, { body: JSON.stringify([hardBounce(recipient)]), headers });
    expect(await tablesWith(recipient)).toContain("receipts");
    await erased(recipient);
    expect(await tablesWith(recipient)).toEqual([]);
  });

  it.each(["@erased.example", "6e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c12"])("of %s either", async (recipient) => {
    await block(recipient, { note: "by hand" });
    expect(await erased(recipient)).toMatchObject({ recipient: expect.any(String), events: 1 });
    expect((await api(`/v1/suppressions/${recipient}`)).status).toBe(404);
    expect(await reasonsOf("anybody@erased.example")).toEqual([]);
  });

  it("of what a batch brought: undoing it undoes the rest", async () => {
    const [recipient, other] = [someone(), someone()];
    const { batchId } = await imported(
      listOf([
        [recipient, "hard"],
        [other, "hard"],
      ]),
    );
    await erased(recipient);
    expect(await reverted(batchId)).toMatchObject({ status: "reverted", retracted: 1 });
    expect(await reasonsOf(other)).toEqual([]);
    expect(await batchOf(batchId)).toMatchObject({ pending: 0 });
  });

  it("who did it is on record, with the hash and without the address", async () => {
    const recipient = await known();
    const { key } = await erased(recipient);
    const { items } = await jsonOf(await api(`/v1/audit?subject=${key}&action=erase`));
    expect(items).toMatchObject([{ action: "erase", subject: key, detail: { keepSuppressed: false } }]);
  });
});

describe("afterwards", () => {
  it("there is nothing to erase: once the row is gone, it is a 404", async () => {
    const recipient = await known();
    await erased(recipient);
    expect(await erased(recipient)).toMatchObject({ events: 0 });
    await settle();
    pass(LATE_MS);
    await runCron();
    expect((await erase(recipient)).status).toBe(404);
    expect((await erase("nobody@example.com")).status).toBe(404);
    expect((await jsonOf(await erase("nobody"))).code).toBe("invalid_recipient");
    expect((await erase(recipient, "?keepsuppressed=true")).status).toBe(400);
  });

  it.each([0, LATE_MS])("what happens is recorded as of somebody new (after %i ms)", async (ms) => {
    const recipient = await known();
    const version = await versionOf(recipient);
    await erased(recipient);
    await settle();
    pass(ms);
    await runCron();
    await report(bounced(recipient, "hard", Date.now()));
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
    expect(await versionOf(recipient)).toBeGreaterThan(version);
    await settle();
    await expectAgreement(recipient);
    pass(LATE_MS);
    await runCron();
    await report(bounced(recipient, "soft", Date.now()));
    await settle();
    expect((await expectAgreement(recipient)).verdict).toMatchObject({ softCount: 1 });
  });
});

describe("kept suppressed by the hash", () => {
  const listed = async (key: string) =>
    (await jsonOf(await api("/v1/suppressions?limit=1000"))).items.filter((i) => i.recipient.startsWith(key));
  const bulkReasons = async (recipient: string) =>
    (await jsonOf<Checked>(await api("/v1/check", { json: { recipients: [recipient] } }))).suppressed[0]?.reasons ?? [];

  async function expectKept(recipient: string): Promise<void> {
    expect(await checkOf(recipient, "strong")).toMatchObject({ suppressed: true, reasons: ["manual"] });
    expect(await checkOf(recipient, "eventual")).toMatchObject({ suppressed: true, reasons: ["manual"] });
    expect(await bulkReasons(recipient)).toEqual(["manual"]);
  }

  it("says every check, and the list; the address stands nowhere", async () => {
    const recipient = await known();
    const { key } = await erased(recipient, KEEP);
    await expectKept(recipient);
    expect(await tablesWith(recipient)).toEqual([]);
    expect(await objectStorageOf(recipient)).not.toContain(recipient);
    expect(await listed(key)).toMatchObject([{ recipient: erasedAddress(key), reasons: ["manual"], until: null }]);
    const detail = await jsonOf(await api(`/v1/suppressions/${recipient}`));
    expect(detail).toMatchObject({ reasons: ["manual"], evidence: [{ kind: "manual_block", hint: "erased" }] });
    expect(await jsonOf(await api(`/v1/recipients/${erasedAddress(key)}`))).toMatchObject({ key, suppressed: true });
    await settle();
    pass(LATE_MS);
    await settle();
    await expectKept(recipient);
    expect(await tablesWith(recipient)).toEqual([]);
  });

  it("also of somebody of whom nothing was known", async () => {
    const recipient = someone();
    await erased(recipient, KEEP);
    await expectKept(recipient);
    expect(await tablesWith(recipient)).toEqual([]);
  });

  it("is never lifted for a moment: whom something suppressed is suppressed throughout", async () => {
    const probe = withFaults(() => null);
    await erase(await known(), KEEP, testEnv(probe.bindings));
    for (const n of probe.steps.keys()) {
      const recipient = await known();
      const asked: boolean[] = [];
      const ask = async () => asked.push((await checkOf(recipient)).suppressed);
      const watched = withFaults((_step, index) => (index === n ? { holdBefore: ask, holdAfter: ask } : null));
      await erase(recipient, KEEP, testEnv(watched.bindings));
      expect(asked, `step ${n}`).toEqual([true, true]);
    }
  });

  it("outlives what happens, a rebuild, and the loss of the object or of the row", async () => {
    const recipient = await known();
    const { key } = await erased(recipient, KEEP);
    await report([
      delivered(recipient, Date.now() - MINUTE_MS),
      bounced(recipient, "soft", Date.now()),
      bounced(recipient, "block", Date.now(), "b"),
    ]);
    expect(await reasonsOf(recipient)).toEqual(["manual"]);
    expect((await rebuild(recipient)).status).toBe(200);
    expect(await reasonsOf(recipient)).toEqual(["manual"]);
    await runInDurableObject(await objectOf(recipient), async (instance, state) => {
      await state.storage.deleteAll();
      Reflect.set(instance, "cached", undefined);
    });
    for (const name of [erasedAddress(key), recipient]) {
      expect((await rebuild(name)).status).toBe(200);
      expect(await reasonsOf(recipient), name).toEqual(["manual"]);
    }
    await tamper("DELETE FROM recipients WHERE key = ?", key);
    expect((await rebuild(recipient)).status).toBe(200);
    await settle();
    await expectKept(recipient);
    expect((await expectAgreementAfterErasure(recipient)).softCount).toBe(1);
  });

  it("ends with a release, which does not write the address down again", async () => {
    for (const query of ["", "?force=true&note=wrote%20to%20us"]) {
      const recipient = await known();
      await erased(recipient, KEEP);
      expect((await release(recipient, query)).status).toBe(200);
      expect(await tablesWith(recipient)).toEqual([]);
      for (const consistency of ["strong", "eventual"] as const) {
        expect((await checkOf(recipient, consistency)).suppressed).toBe(false);
      }
      await settle();
      pass(LATE_MS);
      await settle();
      await expectAgreementAfterErasure(recipient);
      await report(bounced(recipient, "hard", Date.now()));
      expect(await reasonsOf(recipient)).toEqual(["hard"]);
    }
  });

  it("ends with a release in bulk, which can be undone", async () => {
    const recipient = await known();
    await erased(recipient, KEEP);
    const released = await jsonOf(await bulk("release", [recipient]));
    expect(released).toMatchObject({ done: 1 });
    expect(await reasonsOf(recipient)).toEqual([]);
    await reverted(released.batchId);
    await expectKept(recipient);
    expect(await tablesWith(recipient)).toEqual([]);
  });

  it("ends with another erasure, which keeps nothing", async () => {
    const recipient = await known();
    await erased(recipient, KEEP);
    expect(await erased(recipient)).toMatchObject({ events: 1, suppressed: false });
    expect(await reasonsOf(recipient)).toEqual([]);
    await settle();
    pass(LATE_MS);
    await runCron();
    expect(await rowOf(recipient)).toBeNull();
  });

  it("keeps a domain blocked", async () => {
    await block("@kept.example");
    await erased("@kept.example", KEEP);
    expect((await checkOf("anybody@kept.example")).reasons).toEqual(["domain"]);
    expect(await bulkReasons("anybody@kept.example")).toEqual(["domain"]);
  });
});

describe("whichever step fails", () => {
  const prepare = async ({ address }: Round) => {
    const two = [address("ann"), address("bob")];
    await report(
      two.flatMap((recipient) => [bounced(recipient, "hard", Date.now()), delivered(recipient, Date.now())]),
    );
  };

  it.each(["", KEEP])("asking again finishes it (%s)", async (query) => {
    const steps = await everyFault({
      prepare,
      play: async ({ address, env }) => {
        await untilAccepted(() => erase(address("ann"), query, env));
      },
      check: async ({ address }) => {
        expect(await tablesWith(address("ann"))).toEqual([]);
        await settle();
        const { suppressions } = await expectAgreementAfterErasure(address("ann"));
        expect(suppressions.map((s) => s.reason)).toEqual(query ? ["manual"] : []);
        expect(await tablesWith(address("ann"))).toEqual([]);
        expect(await objectStorageOf(address("ann"))).not.toContain(address("ann"));
        expect((await expectAgreement(address("bob"))).events).toHaveLength(2);
      },
    });
    expect(steps).toBeGreaterThan(5);
  });

  it("the cron may fail too when it removes what is left", async () => {
    const steps = await everyFault({
      prepare: async (round) => {
        await prepare(round);
        await erase(round.address("ann"));
        await settle();
        pass(LATE_MS);
      },
      play: async ({ env }) => runCron(env),
      check: async ({ address }) => {
        await runCron();
        expect(await rowOf(address("ann"))).toBeNull();
        expect(await objectStorageOf(address("ann"))).toBe("[]");
      },
    });
    expect(steps).toBeGreaterThan(5);
  });

  it("while objects do not answer, it is accepted, and the cron tells them", async () => {
    const recipient = await known();
    const response = await erase(recipient, "", testEnv(withFaults(failStore("object")).bindings));
    expect(response.status).toBe(202);
    expect(await tablesWith(recipient)).toEqual([]);
    expect((await checkOf(recipient)).suppressed).toBe(false);
    await report(bounced(recipient, "soft", Date.now()));
    await settle();
    expect((await expectAgreement(recipient)).verdict).toMatchObject({ suppressions: [], softCount: 1 });
    expect(await objectStorageOf(recipient)).not.toContain('"complained":{');
  });
});

describe("whoever is late", () => {
  const moments: readonly Moment[] = ["before", "after"];
  const tell = (recipient: string, env = testEnv()) =>
    postRecords(
      "inboxroad",
      [
        bounce("soft", { recipient, message: "late", at: Date.now() - MINUTE_MS }),
        delivery({ recipient, message: "fine", at: Date.now() - 2 * MINUTE_MS }),
        bounce("hard", { recipient, message: "dead", at: Date.now() }),
      ],
      env,
    );

  /** Holds one at each of its steps, lets the other run from beginning to end, and lets the first go on. */
  async function interleave(
    held: (recipient: string, env: ReturnType<typeof testEnv>) => Promise<unknown>,
    other: (recipient: string) => Promise<unknown>,
    check: (recipient: string, label: string) => Promise<void>,
  ) {
    const probe = withFaults(() => null);
    await held(await known(), testEnv(probe.bindings));
    for (const n of probe.steps.keys()) {
      for (const moment of moments) {
        const recipient = await known();
        const step = holdStep((_step, index) => index === n, moment);
        const first = held(recipient, testEnv(withFaults(step.plan).bindings));
        await Promise.race([step.reached, first]);
        await other(recipient);
        step.release();
        await first;
        await settle();
        await check(recipient, `held ${moment} step ${n}`);
      }
    }
    return probe.steps.length;
  }

  const FACTS = [
    ["hard", 1],
    ["", 0],
  ] as const;

  it.each(["", KEEP])("a webhook that was being applied brings back nothing from before (%s)", async (query) => {
    const steps = await interleave(
      tell,
      (recipient) => erased(recipient, query),
      async (recipient, label) => {
        const verdict = await expectAgreementAfterErasure(recipient);
        const reasons = verdict.suppressions.map((s) => s.reason);
        const isKnownAgain = (await eventsOf(recipient)).length > 0;
        // Recorded before: gone with the rest. Recorded after: a new fact, and no other.
        const [reason, count] = FACTS[isKnownAgain ? 0 : 1];
        expect([reasons, verdict.softCount], label).toEqual([
          [...(reason ? [reason] : []), ...(query ? ["manual"] : [])],
          count,
        ]);
        if (!isKnownAgain) expect(await tablesWith(recipient), label).toEqual([]);
      },
    );
    expect(steps).toBeGreaterThan(3);
  });

  it.each(["", KEEP])("what comes in between an erasure's steps is a new fact (%s)", async (query) => {
    await interleave(
      (recipient, env) => erase(recipient, query, env),
      (recipient) => tell(recipient),
      async (recipient, label) => {
        const verdict = await expectAgreementAfterErasure(recipient);
        const reasons = verdict.suppressions.map((s) => s.reason).filter((reason) => reason !== "hard");
        expect(reasons, label).toEqual(query ? ["manual"] : []);
      },
    );
  });

  it("a rebuild that read the journal before brings back nothing", async () => {
    await interleave(
      (recipient, env) => rebuild(recipient, env),
      (recipient) => erased(recipient),
      async (recipient, label) => {
        expect((await expectAgreementAfterErasure(recipient)).suppressions, label).toEqual([]);
        expect(await tablesWith(recipient), label).toEqual([]);
        expect(await objectStorageOf(recipient), label).not.toContain(recipient);
      },
    );
  });

  it("a decision from before is refused, whatever the clocks say, and the events behind it wait", async () => {
    const recipient = await known();
    const noObjects = testEnv(withFaults(failStore("object")).bindings);
    // The database's caller is behind the object: versions alone would not tell which is the later.
    pass(-MINUTE_MS);
    expect((await erase(recipient, "", noObjects)).status).toBe(202);
    pass(2 * MINUTE_MS);
    await report(bounced(recipient, "soft", Date.now()));
    expect(await rowOf(recipient)).toMatchObject({ address: null, suppressed: 0, soft_count: 0, erasing: 1 });
    expect(await reasonsOf(recipient)).toEqual([]);
    expect(await eventsOf(recipient)).toMatchObject([{ class: "soft", state: 0 }]);
    await settle();
    expect((await expectAgreement(recipient)).verdict).toMatchObject({ suppressions: [], softCount: 1 });
  });

  it("the object's alarm brings back nothing", async () => {
    const recipient = someone();
    await block(recipient, { expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    await erased(recipient);
    pass(DAY_MS);
    await runInDurableObject(await objectOf(recipient), (instance) =>
      (instance as unknown as { alarm(): Promise<void> }).alarm(),
    );
    expect(await tablesWith(recipient)).toEqual([]);
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, address: null });
  });
});

it("every statement of it finds its rows by an index", async () => {
  const { DB, texts } = notingStatements();
  const env = testEnv({ DB });
  for (const query of ["", KEEP]) await erase(await known(), query, env);
  pass(LATE_MS);
  await runCron(env);
  pass(LATE_MS);
  await runCron(env);
  expect(texts.size).toBeGreaterThan(15);
  expect(await unindexed(texts)).toEqual([]);
});

it("the hash is what everybody computes", async () => {
  expect((await erased("Hash@Example.com", KEEP)).key).toBe(await sha256Hex("hash@example.com"));
});
