/**
 * Who is erased and stays suppressed is suppressed by the hash: in every answer, through whatever happens later, and
 * until an operator ends it; the address stands nowhere.
 */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { erasedAddress } from "../../src/domain/address";
import type { Checked } from "../support/answer";
import { bulk, erase, reverted } from "../support/batches";
import {
  erased,
  expectAgreementAfterErasure,
  KEEP,
  known,
  LATE_MS,
  objectStorageOf,
  setErasure,
  someone,
  tablesWith,
} from "../support/erasure";
import { withFaults } from "../support/faults";
import { rowOf } from "../support/ledger";
import { block, bounced, delivered, rebuild, release, report } from "../support/reports";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, objectOf, reasonsOf, tamper } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
setErasure();

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
