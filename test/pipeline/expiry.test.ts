/** Suppressions that end by themselves: on time wherever they are asked for, and re-projected by the object's alarm. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { edgeKey } from "../../src/store/edge-cache";
import type { Checked } from "../support/answer";
import { erase, imported } from "../support/batches";
import { edgeOf, expectAgreement, policyOf, rowOf } from "../support/ledger";
import { block, bounced, iso, rebuilt, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, objectOf, reasonsOf, tamper } from "../support/stores";
import { api, bindings, jsonOf, testEnv } from "../support/worker";

setStage();

const SECOND_MS = 1_000;
let made = 0;
const someone = () => `expiring-${++made}@example.com`;

async function blockedFor(recipient: string, ms: number): Promise<number> {
  const end = Date.now() + ms;
  expect((await block(recipient, { expiresAt: iso(end) })).status).toBe(200);
  return end;
}

async function alarmOf(recipient: string): Promise<number | null> {
  return runInDurableObject(await objectOf(recipient), (_instance, state) => state.storage.getAlarm());
}

/** Lets the object's alarm go off, at a time when it is due. */
async function ring(recipient: string): Promise<void> {
  expect(await alarmOf(recipient)).toBeLessThanOrEqual(Date.now());
  expect(await runDurableObjectAlarm(await objectOf(recipient))).toBe(true);
}

/** Seconds for which the edge cache keeps a value, by the real clock; `null`: for good. */
async function lifetimeOf(recipient: string): Promise<number | null> {
  const { keys } = await bindings.SUPPRESSIONS.list({ prefix: edgeKey(await sha256Hex(recipient)) });
  expect(keys).toHaveLength(1);
  const { expiration } = keys[0] ?? {};
  return expiration === undefined ? null : expiration - vi.getRealSystemTime() / SECOND_MS;
}

describe("a block that expires", () => {
  it.each(["john", "@"])("ends to the millisecond, in every answer, before any alarm has rung (%s)", async (who) => {
    const domain = `at-${++made}.example.com`;
    const [blocked, asked] = who === "@" ? [`@${domain}`, `john@${domain}`] : [`john@${domain}`, `john@${domain}`];
    const end = await blockedFor(blocked, DAY_MS);
    const reasons = [who === "@" ? "domain" : "manual"];
    const listed = async () => (await jsonOf(await api(`/v1/suppressions?q=${domain}`))).items.length;
    const found = async () =>
      (await jsonOf<Checked>(await api("/v1/check", { json: { recipients: [asked] } }))).suppressed.length;

    pass(DAY_MS - 1);
    for (const consistency of ["strong", "eventual"] as const) {
      expect(await checkOf(asked, consistency)).toMatchObject({ suppressed: true, reasons, until: iso(end) });
    }
    expect([await found(), await listed()]).toEqual([1, 1]);
    expect((await api(`/v1/suppressions/${blocked}`)).status).toBe(200);

    pass(1);
    for (const consistency of ["strong", "eventual"] as const) {
      expect(await checkOf(asked, consistency)).toMatchObject({ suppressed: false, reasons: [], until: null });
    }
    expect([await found(), await listed()]).toEqual([0, 0]);
    expect((await api(`/v1/suppressions/${blocked}`)).status).toBe(404);
    expect((await rowOf(blocked))?.suppressed).toBe(1);
  });

  it("comes in by a list too, and is out of the export, the feed's last word and every list at the same moment", async () => {
    const recipient = someone();
    const end = Date.now() + DAY_MS;
    await imported(`email,reason,date,expires_at\n${recipient},hard,2029-12-01,${iso(end)}\n`);
    const exported = async () =>
      (await (await api("/v1/suppressions/export?format=ndjson")).text()).includes(recipient);
    const seen = async () => [
      (await checkOf(recipient, "strong")).suppressed,
      (await checkOf(recipient, "eventual")).suppressed,
      await exported(),
      (await jsonOf(await api(`/v1/suppressions?q=${recipient}`))).items.length === 1,
      (await api(`/v1/suppressions/${recipient}`)).status === 200,
      (await jsonOf(await api(`/v1/recipients/${recipient}`))).suppressed,
    ];
    pass(DAY_MS - 1);
    expect(await seen()).toEqual([true, true, true, true, true, true]);
    pass(1);
    expect(await seen()).toEqual([false, false, false, false, false, false]);
    await ring(recipient);
    expect(await seen()).toEqual([false, false, false, false, false, false]);
    expect(await edgeOf(recipient)).toBeNull();
  });

  it("ends on time also where only its hash is left", async () => {
    const recipient = someone();
    await blockedFor(recipient, DAY_MS);
    await erase(recipient);
    expect(await reasonsOf(recipient)).toEqual([]);
    pass(DAY_MS);
    await runDurableObjectAlarm(await objectOf(recipient));
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, address: null });
  });

  it("is taken off the projection and the edge cache by the object's alarm, with a higher version", async () => {
    const recipient = someone();
    expect(await alarmOf(recipient)).toBeNull();
    const end = await blockedFor(recipient, DAY_MS);
    const version = (await rowOf(recipient))?.version ?? 0;
    expect(await alarmOf(recipient)).toBe(end);
    expect(await edgeOf(recipient)).not.toBeNull();
    pass(DAY_MS);
    await ring(recipient);
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, suppressions: "[]", answer: null });
    expect((await rowOf(recipient))?.version).toBeGreaterThan(version);
    expect(await edgeOf(recipient)).toBeNull();
    expect(await alarmOf(recipient)).toBeNull();
    await settle();
    await expectAgreement(recipient);
  });

  it("is forgotten by the edge cache on its own, some time after its end, and never before", async () => {
    const [short, long, endless, allowed] = [someone(), someone(), someone(), someone()];
    await blockedFor(short, SECOND_MS);
    await blockedFor(long, 3 * DAY_MS);
    await block(endless);
    await report({ kind: "manual_allow", recipient: allowed });
    await blockedFor(allowed, DAY_MS);
    expect(await lifetimeOf(short)).toBeGreaterThan(50);
    expect(await lifetimeOf(short)).toBeLessThan(70);
    expect(await lifetimeOf(long)).toBeGreaterThan((3 * DAY_MS) / SECOND_MS - 10);
    expect(await lifetimeOf(long)).toBeLessThan((3 * DAY_MS) / SECOND_MS + 10);
    expect(await lifetimeOf(endless)).toBeNull();
    expect(await lifetimeOf(allowed)).toBeNull();
    await report(bounced(long, "hard", Date.now()));
    expect(await lifetimeOf(long)).toBeNull();
  });

  it("may be made longer, shorter or endless by a later one, and released before its end", async () => {
    const recipient = someone();
    await blockedFor(recipient, DAY_MS);
    const later = await blockedFor(recipient, 2 * DAY_MS);
    expect((await checkOf(recipient)).until).toBe(iso(later));
    const sooner = await blockedFor(recipient, DAY_MS / 2);
    expect((await checkOf(recipient)).until).toBe(iso(sooner));
    expect(await alarmOf(recipient)).toBe(sooner);
    await block(recipient);
    expect(await checkOf(recipient)).toMatchObject({ suppressed: true, until: null });
    pass(DAY_MS);
    await ring(recipient);
    expect(await reasonsOf(recipient)).toEqual(["manual"]);
    await blockedFor(recipient, DAY_MS);
    await release(recipient);
    pass(DAY_MS);
    const version = (await rowOf(recipient))?.version;
    await ring(recipient);
    expect((await rowOf(recipient))?.version).toBe(version);
    expect(await reasonsOf(recipient)).toEqual([]);
  });

  it("cannot have ended already", async () => {
    for (const expiresAt of [iso(Date.now()), iso(Date.now() - DAY_MS)]) {
      expect((await block("never@example.com", { expiresAt })).status).toBe(400);
    }
    expect(await rowOf("never@example.com")).toBeNull();
  });
});

describe("soft_suppression_days", () => {
  const POLICY = { soft_threshold: 5, soft_suppression_days: 7 };
  const env = () => testEnv({ POLICY });

  it("ends a soft suppression on time; counting starts anew", async () => {
    const recipient = someone();
    const bounces = softBounces(recipient, 6, Date.now() - 6 * MINUTE_MS, MINUTE_MS);
    await report(bounces, env());
    const end = (bounces[4]?.at ?? 0) + 7 * DAY_MS;
    expect(await checkOf(recipient)).toMatchObject({ reasons: ["soft"], until: iso(end) });
    expect(await alarmOf(recipient)).toBe(end);
    pass(end - 1 - Date.now());
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
    pass(1);
    expect(await reasonsOf(recipient)).toEqual([]);
    expect((await checkOf(recipient, "eventual")).suppressed).toBe(false);
    await ring(recipient);
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, soft_count: 0 });
    expect(await edgeOf(recipient)).toBeNull();

    pass(MINUTE_MS);
    await report(softBounces(recipient, 4, Date.now() - 4 * SECOND_MS), env());
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0, soft_count: 4 });
    await report(bounced(recipient, "soft", Date.now()), env());
    expect(await checkOf(recipient)).toMatchObject({ reasons: ["soft"], until: iso(Date.now() + 7 * DAY_MS) });
    await settle();
    await expectAgreement(recipient, policyOf(POLICY));
  });

  it("and a block that ends sooner go one after the other", async () => {
    const recipient = someone();
    await report(softBounces(recipient, 5, Date.now() - 4 * SECOND_MS), env());
    const first = Date.now() + DAY_MS;
    await block(recipient, { expiresAt: iso(first) }, env());
    const last = Date.now() + 7 * DAY_MS;
    expect(await checkOf(recipient)).toMatchObject({ reasons: ["soft", "manual"], until: iso(last) });
    for (const [reasons, next] of [
      [["soft"], last],
      [[], null],
    ] as const) {
      pass(((await alarmOf(recipient)) ?? 0) - Date.now());
      await ring(recipient);
      expect(await reasonsOf(recipient)).toEqual(reasons);
      expect(await alarmOf(recipient)).toBe(next);
    }
  });
});

describe("the alarm", () => {
  const breakD1 = () => tamper("ALTER TABLE recipients RENAME TO out_of_reach");
  const mendD1 = () => tamper("ALTER TABLE out_of_reach RENAME TO recipients");

  it("tries again a minute after its publication failed, as often as it takes, and minds what ends next", async () => {
    const recipient = someone();
    const env = testEnv({ POLICY: { soft_suppression_days: 2 } });
    await report(softBounces(recipient, 5, Date.now() - 4 * SECOND_MS), env);
    await block(recipient, { expiresAt: iso(Date.now() + DAY_MS) }, env);
    const last = Date.now() + 2 * DAY_MS;
    pass(DAY_MS);
    await breakD1();
    for (let attempt = 0; attempt < 8; attempt++) {
      await ring(recipient);
      expect(await alarmOf(recipient)).toBe(Date.now() + MINUTE_MS);
      pass(MINUTE_MS);
    }
    await mendD1();
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 1, until: last });
    await ring(recipient);
    expect(JSON.parse((await rowOf(recipient))?.suppressions ?? "")).toMatchObject([{ reason: "soft" }]);
    expect(await alarmOf(recipient)).toBe(last);
    pass(last - Date.now());
    await ring(recipient);
    expect(await rowOf(recipient)).toMatchObject({ suppressed: 0 });
  });

  it("leaves to the cron what only the edge cache refused", async () => {
    const recipient = someone();
    await blockedFor(recipient, DAY_MS);
    const value = JSON.stringify(await edgeOf(recipient));
    pass(DAY_MS);
    await ring(recipient);
    await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex(recipient)), value);
    expect((await checkOf(recipient, "eventual")).suppressed).toBe(false);
    await settle();
    expect(await edgeOf(recipient)).toBeNull();
    await expectAgreement(recipient);
  });

  it("is set again by a rebuild of an object that lost it, and not for what has ended", async () => {
    const [coming, gone] = [someone(), someone()];
    const end = await blockedFor(coming, 2 * DAY_MS);
    await blockedFor(gone, DAY_MS);
    pass(DAY_MS);
    for (const recipient of [coming, gone]) {
      await runInDurableObject(await objectOf(recipient), async (instance, state) => {
        await state.storage.deleteAlarm();
        await state.storage.deleteAll();
        Reflect.set(instance, "cached", undefined);
      });
      await rebuilt(recipient);
    }
    expect(await alarmOf(coming)).toBe(end);
    expect(await reasonsOf(coming)).toEqual(["manual"]);
    expect(await alarmOf(gone)).toBeNull();
    expect(await rowOf(gone)).toMatchObject({ suppressed: 0 });
  });
});
