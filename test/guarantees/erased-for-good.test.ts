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
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { inboxroad } from "../../src/providers/inboxroad";
import { batchOf, erase, imported, listOf, reverted } from "../support/batches";
import { erased, KEEP, known, LATE_MS, objectStorageOf, setErasure, someone, tablesWith } from "../support/erasure";
import { edgeOf, expectAgreement, rowOf } from "../support/ledger";
import { bounce } from "../support/pmta";
import { hardBounce, posted, postedInVain, replayed, theItem } from "../support/quarantine";
import { block, bounced, report } from "../support/reports";
import { newRound, postRecords } from "../support/rounds";
import { pass, setStage, settle } from "../support/stage";
import { notingStatements, unindexed } from "../support/statements";
import { checkOf, countOf, objectOf, reasonsOf, rowsOf, standingOf, versionOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
setErasure();

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
