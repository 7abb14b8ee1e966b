/**
 * Each store can be rebuilt from the one before it: an object from the journal, the projection from the object, the
 * edge cache from the projection. It works after any loss, may be interrupted and repeated, goes on while events keep
 * coming, changes no verdict, and a row's version never falls.
 *
 * Not promised: the journal itself cannot be rebuilt (raw bodies are kept for a while only). An object that lost its
 * storage decides by what it hears from then on until it is rebuilt. Rebuilding the edge cache is not one moment:
 * checks in between see some of it, and two calls at the same time may leave an older value for a minute, until the
 * cron has settled it.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { edgeKey } from "../../src/store/edge-cache";
import { type Plan, withFaults } from "../support/faults";
import { edgeOf, expectAgreement, rowOf } from "../support/ledger";
import {
  block,
  bounced,
  delivered,
  rebuild,
  rebuildEdge,
  rebuilt,
  release,
  report,
  softBounces,
} from "../support/reports";
import { everyFault } from "../support/rounds";
import { MINUTE_MS, setStage, settle } from "../support/stage";
import {
  checkOf,
  edgeContents,
  edgeExpected,
  objectOf,
  reasonsOf,
  standingOf,
  tamper,
  versionOf,
} from "../support/stores";
import { api, bindings, jsonOf, testEnv } from "../support/worker";

setStage();

let made = 0;
const someone = () => `rebuilt-${++made}@example.com`;

async function someoneSuppressed(): Promise<string> {
  const recipient = someone();
  await report(bounced(recipient, "hard", Date.now()));
  return recipient;
}

/** A recipient with a history in which everything that a fold knows has its part. */
async function withHistory(): Promise<string> {
  const recipient = someone();
  const start = Date.now() - 60 * MINUTE_MS;
  await report([
    bounced(recipient, "hard", start),
    { kind: "manual_release", recipient, at: start + MINUTE_MS },
    ...softBounces(recipient, 2, start + 2 * MINUTE_MS),
    delivered(recipient, start + 3 * MINUTE_MS, "good"),
    delivered(recipient, start + 5 * MINUTE_MS, "void"),
  ]);
  await report(bounced(recipient, "soft", start + 6 * MINUTE_MS, "void"));
  await report(softBounces(recipient, 3, start + 7 * MINUTE_MS));
  await report({ kind: "unsubscribed", recipient, at: start + 8 * MINUTE_MS });
  return recipient;
}

/** More recipients like one that there is. */
async function copyRow(sample: string, copies: number): Promise<void> {
  const { key: _key, address: _address, ...rest } = (await rowOf(sample)) ?? {};
  await tamper(
    `INSERT INTO recipients (key, address, ${Object.keys(rest)}) SELECT printf('%064d', value), 'copy-' || value || '@example.com',
     ${Object.keys(rest)} FROM recipients, json_each(?1) WHERE recipients.key = ?2`,
    JSON.stringify(Array.from({ length: copies }, (_, i) => i)),
    await sha256Hex(sample),
  );
}

async function loseObject(recipient: string): Promise<void> {
  await runInDurableObject(await objectOf(recipient), async (instance, state) => {
    await state.storage.deleteAll();
    Reflect.set(instance, "cached", undefined);
  });
}

describe("the edge cache, from the projection", () => {
  it("holds exactly the answers of the projection again, whatever was in it", async () => {
    const [suppressed, damaged, released, allowed] = [someone(), someone(), someone(), someone()];
    await report([suppressed, damaged, released].map((recipient) => bounced(recipient, "hard", Date.now())));
    await report({ kind: "manual_allow", recipient: allowed });
    const stale = JSON.stringify(await edgeOf(released));
    await release(released);
    await bindings.SUPPRESSIONS.delete(edgeKey(await sha256Hex(suppressed)));
    await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex(damaged)), '"no answer"');
    await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex(released)), stale);
    await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex("stranger@example.com")), stale);
    await bindings.SUPPRESSIONS.put("another-product", '"keeps its keys"');

    expect(await rebuildEdge()).toEqual({ calls: 2, written: 3, removed: 2 });
    const { "another-product": others, ...answers } = await edgeContents();
    expect(answers).toEqual(await edgeExpected());
    expect(Object.keys(answers)).toHaveLength(3);
    expect(others).toBe("keeps its keys");
    expect((await checkOf(damaged, "eventual")).reasons).toEqual(["hard"]);
    expect((await checkOf(released, "eventual")).suppressed).toBe(false);
  });

  it("goes through more answers and more strangers than one call takes", async () => {
    const many = 405;
    const sample = await someoneSuppressed();
    const answer = JSON.stringify((await edgeOf(sample))?.reasons);
    await copyRow(sample, many);
    const strangers = Array.from({ length: many }, (_, i) => edgeKey(`stranger-${i}`));
    await Promise.all(strangers.map((key) => bindings.SUPPRESSIONS.put(key, `{"reasons":${answer}}`)));

    const { calls, written, removed } = await rebuildEdge();
    expect(calls).toBeGreaterThan(4);
    expect(written).toBeGreaterThan(many);
    expect(removed).toBeGreaterThanOrEqual(many);
    const { "another-product": _others, ...answers } = await edgeContents();
    expect(answers).toEqual(await edgeExpected());
    expect(Object.keys(answers).length).toBeGreaterThan(many);
    await tamper("DELETE FROM recipients WHERE address LIKE 'copy-%'");
    await rebuildEdge();
  });

  it("does not call a page done that the cache refused, and finishes when asked again", async () => {
    const recipient = await someoneSuppressed();
    await bindings.SUPPRESSIONS.delete(edgeKey(await sha256Hex(recipient)));
    for (const cursor of [null, "keys:"]) {
      if (cursor) await bindings.SUPPRESSIONS.put(edgeKey("one-more-stranger"), '{"reasons":{}}');
      const refusing = withFaults((step) => (/put|delete/.test(step.operation) ? "before" : null));
      const response = await api("/v1/rebuild", { json: { target: "kv", cursor }, env: testEnv(refusing.bindings) });
      expect(refusing.struck()).toBeGreaterThan(0);
      expect(response.status).toBe(503);
    }
    await rebuildEdge();
    const { "another-product": _others, ...answers } = await edgeContents();
    expect(answers).toEqual(await edgeExpected());
    expect(await edgeOf(recipient)).not.toBeNull();
  });
});

describe("the projection, from the objects", () => {
  it("is as it was after all of its rows were lost", async () => {
    const recipients = [await withHistory(), await someoneSuppressed(), someone()];
    await block(recipients[2] ?? "", { note: "asked to" });
    const before = await Promise.all(recipients.map(standingOf));
    const versions = await Promise.all(recipients.map(versionOf));
    await tamper("DELETE FROM recipients");
    for (const recipient of recipients) await rebuilt(recipient);
    expect(await Promise.all(recipients.map(standingOf))).toEqual(before);
    for (const [i, recipient] of recipients.entries()) {
      expect(await versionOf(recipient)).toBeGreaterThanOrEqual(versions[i] ?? 0);
    }
    await settle();
    for (const recipient of recipients) await expectAgreement(recipient);
  });

  it("replaces rows that say something else, with a higher version", async () => {
    const recipient = await someoneSuppressed();
    const [before, version] = [await standingOf(recipient), await versionOf(recipient)];
    await tamper(
      "UPDATE recipients SET suppressed = 0, suppressions = '[]', answer = NULL WHERE address = ?",
      recipient,
    );
    expect(await reasonsOf(recipient)).toEqual([]);
    await rebuilt(recipient);
    expect(await standingOf(recipient)).toEqual(before);
    expect(await versionOf(recipient)).toBeGreaterThan(version);
  });
});

describe("an object, from the journal", () => {
  it("decides what it decided before it lost its storage, with a higher version", async () => {
    const recipient = await withHistory();
    const [before, version] = [await standingOf(recipient), await versionOf(recipient)];
    await loseObject(recipient);
    const answer = await rebuilt(recipient);
    expect(answer.softBounces).toBe(4);
    expect(answer.version).toBeGreaterThan(version);
    expect(await standingOf(recipient)).toEqual(before);
    await settle();
    await expectAgreement(recipient);
  });

  it("has lost nothing when the platform put it out of memory", async () => {
    const recipient = await withHistory();
    const before = await standingOf(recipient);
    await evictDurableObject(await objectOf(recipient));
    await report(bounced(recipient, "block", Date.now()));
    expect(await standingOf(recipient)).toEqual(before);
    await settle();
    await expectAgreement(recipient);
  });

  it("is put right by a rebuild also when events came between the loss and it", async () => {
    const recipient = await withHistory();
    await loseObject(recipient);
    await report(bounced(recipient, "soft", Date.now(), "after the loss"));
    const version = await versionOf(recipient);
    expect((await rebuilt(recipient)).softBounces).toBe(5);
    expect(await versionOf(recipient)).toBeGreaterThan(version);
    expect(await reasonsOf(recipient)).toEqual(["soft", "unsubscribe"]);
    await settle();
    await expectAgreement(recipient);
  });

  it("changes no verdict where nothing was lost, however often it is done", async () => {
    const recipient = await withHistory();
    const before = await standingOf(recipient);
    let version = await versionOf(recipient);
    for (let i = 0; i < 3; i++) {
      await rebuilt(recipient);
      expect(await standingOf(recipient)).toEqual(before);
      expect(await versionOf(recipient)).toBeGreaterThan(version);
      version = await versionOf(recipient);
    }
  });
});

describe("while events keep coming", () => {
  /** Lets something happen just before the n-th step of what is done with these bindings. */
  const meanwhile = (n: number, happen: () => Promise<unknown>): Plan => {
    return (_step, index) => (index === n ? { holdBefore: happen } : null);
  };

  it.each(["intact", "lost"])("misses none of them, whenever they come (object %s)", async (object) => {
    const probe = withFaults(() => null);
    await rebuild(await withHistory(), testEnv(probe.bindings));
    expect(probe.steps.length).toBeGreaterThan(3);
    for (const n of probe.steps.keys()) {
      const recipient = await withHistory();
      const version = await versionOf(recipient);
      if (object === "lost") await loseObject(recipient);
      const busy = withFaults(meanwhile(n, () => report(bounced(recipient, "soft", Date.now(), "meanwhile"))));
      expect((await rebuild(recipient, testEnv(busy.bindings))).status, `before step ${n}`).toBe(200);
      expect(await versionOf(recipient)).toBeGreaterThan(version);
      await settle();
      const { verdict } = await expectAgreement(recipient);
      expect(verdict.softCount, `before step ${n}`).toBe(5);
    }
  });

  it("gives up for now when they never stop, and loses nothing by it", async () => {
    const recipient = await withHistory();
    let n = 0;
    const endless = withFaults((step) => {
      if (step.operation !== "rebuild") return null;
      return { holdBefore: () => report(bounced(recipient, "soft", Date.now(), `endless-${++n}`)) };
    });
    const response = await rebuild(recipient, testEnv(endless.bindings));
    expect(response.status).toBe(503);
    expect((await jsonOf(response)).code).toBe("busy");
    await settle();
    expect((await expectAgreement(recipient)).verdict.softCount).toBe(4 + n);
    expect((await rebuilt(recipient)).softBounces).toBe(4 + n);
  });
});

it("survives a failure of any of its steps, and of the loss that it was to repair", async () => {
  const steps = await everyFault({
    prepare: async ({ address }) => {
      await report(softBounces(address("lost"), 5, Date.now() - MINUTE_MS));
      await loseObject(address("lost"));
      await tamper("UPDATE recipients SET suppressed = 0, answer = NULL WHERE address = ?", address("lost"));
    },
    play: async ({ address, env }) => {
      const before = await versionOf(address("lost"));
      await rebuild(address("lost"), env);
      expect(await versionOf(address("lost"))).toBeGreaterThanOrEqual(before);
    },
    check: async ({ address }) => {
      const before = await versionOf(address("lost"));
      expect((await rebuilt(address("lost"))).softBounces).toBe(5);
      expect(await versionOf(address("lost"))).toBeGreaterThan(before);
      expect(await reasonsOf(address("lost"))).toEqual(["soft"]);
      await settle();
      await expectAgreement(address("lost"));
    },
  });
  expect(steps).toBeGreaterThan(4);
});

it("nothing is made of a recipient of whom nothing is known", async () => {
  const response = await api("/v1/rebuild", { json: { recipient: "stranger@example.com" } });
  expect(response.status).toBe(404);
  expect((await api("/v1/recipients/stranger@example.com")).status).toBe(404);
});
