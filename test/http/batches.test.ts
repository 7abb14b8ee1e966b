import { beforeEach, describe, expect, it } from "vitest";
import { batches, batchOf, bulk, imported, listOf, revert } from "../support/batches";
import { failStore, holdStep, withFaults } from "../support/faults";
import { block, bounced, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { checkOf, countOf, reasonsOf } from "../support/stores";
import { ADMIN, api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

interface BulkAnswer {
  readonly batchId: string;
  readonly results: readonly { readonly status: string; readonly code: string | null }[];
}

const codesOf = (answer: BulkAnswer) => answer.results.map(({ status, code }) => [status, code]);

describe("blocking many", () => {
  it("blocks each, as a batch, and answers each by itself", async () => {
    await block("already@example.com");
    const response = await bulk(
      "block",
      ["ann@example.com", "Ann@Example.com", "@blocked.example", "already@example.com", "nobody", ""],
      { note: "spam traps" },
    );
    expect(response.status).toBe(200);
    const answer = await jsonOf<BulkAnswer>(response);
    expect(answer).toMatchObject({ batchId: expect.any(String), done: 2, skipped: 2, invalid: 2, pending: 0 });
    expect(codesOf(answer)).toEqual([
      ["done", null],
      ["skipped", "repeated"],
      ["done", null],
      ["skipped", "blocked"],
      ["invalid", "invalid_recipient"],
      ["invalid", "invalid_recipient"],
    ]);
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
    expect(await reasonsOf("anybody@blocked.example")).toEqual(["domain"]);
    expect(await jsonOf(await api("/v1/suppressions/ann@example.com"))).toMatchObject({ note: "spam traps" });
    expect(await batchOf(answer.batchId)).toMatchObject({ kind: "block", status: "recorded", rows: 2, new: 2 });
  });

  it("ends when it says", async () => {
    const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
    await bulk("block", ["ann@example.com"], { expiresAt });
    expect(await checkOf("ann@example.com")).toMatchObject({ reasons: ["manual"], until: expiresAt });
    expect(codesOf(await jsonOf(await bulk("block", ["ann@example.com"], { expiresAt })))).toEqual([
      ["skipped", "blocked"],
    ]);
    expect(codesOf(await jsonOf(await bulk("block", ["ann@example.com"])))).toEqual([["done", null]]);
    pass(DAY_MS);
    expect(await checkOf("ann@example.com")).toMatchObject({ suppressed: true, until: null });
  });

  it("records nothing where there is nothing to do", async () => {
    expect(await jsonOf(await bulk("block", ["nobody"]))).toMatchObject({ batchId: null, done: 0, invalid: 1 });
    expect(await batches()).toEqual([]);
    expect(await countOf("audit")).toBe(0);
  });
});

describe("releasing many", () => {
  it("releases those of whom something is known; a complaint needs force and a note", async () => {
    await report([
      bounced("hard@example.com", "hard", Date.now() - DAY_MS),
      { kind: "complained", recipient: "angry@example.com", at: Date.now() - DAY_MS },
    ]);
    const recipients = ["hard@example.com", "angry@example.com", "stranger@example.com"];
    for (const more of [{}, { force: true }, { note: "asked" }]) {
      const answer = await jsonOf<BulkAnswer>(await bulk("release", recipients, more));
      expect(codesOf(answer)).toEqual([
        ["done", null],
        ["skipped", "complaint_needs_force"],
        ["skipped", "unknown"],
      ]);
    }
    expect(await reasonsOf("hard@example.com")).toEqual([]);
    expect(await reasonsOf("angry@example.com")).toEqual(["complaint"]);
    const forced = await jsonOf(await bulk("release", recipients, { force: true, note: "asked by phone" }));
    expect(forced).toMatchObject({ done: 2, skipped: 1 });
    expect(await reasonsOf("angry@example.com")).toEqual([]);
  });

  it("sees a complaint that is still to be applied", async () => {
    const noObjects = testEnv(withFaults(failStore("object")).bindings);
    await report({ kind: "complained", recipient: "angry@example.com" }, noObjects);
    expect(codesOf(await jsonOf(await bulk("release", ["angry@example.com"])))).toEqual([
      ["skipped", "complaint_needs_force"],
    ]);
    await release("angry@example.com", "?force=true&note=asked");
    pass(MINUTE_MS);
    expect(codesOf(await jsonOf(await bulk("release", ["angry@example.com"])))).toEqual([["done", null]]);
  });
});

describe("what is applied while a bulk request looks", () => {
  const objectsAway = () => testEnv(withFaults(failStore("object")).bindings);

  /** The answer of a request that is held up at its first look, while the cron applies what is pending. */
  async function overtaken(action: "block" | "release", recipient: string) {
    const held = holdStep(({ store }) => store === "db", "after");
    const answering = bulk(action, [recipient], {}, testEnv(withFaults(held.plan).bindings));
    await held.reached;
    await runCron();
    held.release();
    return jsonOf<BulkAnswer>(await answering);
  }

  it("does not keep a recipient from being released, who was heard of just now", async () => {
    await report(bounced("ann@example.com", "hard", Date.now() - MINUTE_MS), objectsAway());
    expect(codesOf(await overtaken("release", "ann@example.com"))).toEqual([["done", null]]);
    expect(await reasonsOf("ann@example.com")).toEqual([]);
  });

  it("does not keep a recipient from being blocked, whose block was released just now", async () => {
    await block("ann@example.com");
    await release("ann@example.com", "", objectsAway());
    expect(codesOf(await overtaken("block", "ann@example.com"))).toEqual([["done", null]]);
    expect(await reasonsOf("ann@example.com")).toEqual(["manual"]);
  });
});

describe("a bulk request", () => {
  it.each<[string, object]>([
    ["no action", { recipients: ["ann@example.com"] }],
    ["another action", { action: "allow", recipients: ["ann@example.com"] }],
    ["nobody", { action: "block", recipients: [] }],
    ["too many", { action: "block", recipients: Array.from({ length: 10_001 }, (_, i) => `${i}@example.com`) }],
    ["an end in the past", { action: "block", recipients: ["ann@example.com"], expiresAt: "2020-01-01T00:00:00Z" }],
    ["a field that does not exist", { action: "block", recipients: ["ann@example.com"], notes: "x" }],
  ])("with %s is a 400", async (_what, json) => {
    const response = await api("/v1/suppressions/bulk", { json });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe("invalid_request");
    expect(await countOf("events")).toBe(0);
  });

  it("is pending while objects do not answer, and says so", async () => {
    const env = testEnv(withFaults(failStore("object")).bindings);
    const answer = await jsonOf(await bulk("block", ["ann@example.com", "bob@example.com"], {}, env));
    expect(answer).toMatchObject({ done: 2, pending: 2 });
    await runCron();
    expect(await batchOf(answer.batchId)).toMatchObject({ pending: 0 });
    expect(await reasonsOf("bob@example.com")).toEqual(["manual"]);
  });
});

describe("the list of batches", () => {
  it("is newest first, page by page", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.unshift((await imported(`user-${i}@example.com\n`)).batchId);
      pass(1);
    }
    const found: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: { id: string }[]; nextCursor: string | null } = await jsonOf(
        await api(`/v1/batches?limit=2${cursor && `&cursor=${cursor}`}`),
      );
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(ids);
  });

  it("takes no cursor of another list", async () => {
    await imported(
      listOf([
        ["a@example.com", "hard"],
        ["b@example.com", "hard"],
      ]),
    );
    const { nextCursor } = await jsonOf(await api("/v1/suppressions?limit=1"));
    for (const cursor of [nextCursor, "x", ""]) {
      const response = await api(`/v1/batches?cursor=${cursor}`);
      expect(response.status).toBe(400);
      expect((await jsonOf(response)).code).toBe("invalid_cursor");
    }
  });

  it("says who, by the token and by what the caller says of itself", async () => {
    const headers = { ...ADMIN, "x-actor": "nightly import" };
    await api("/v1/suppressions/import", { body: "ann@example.com\n", headers });
    const [batch] = await batches();
    expect(batch).toMatchObject({ actor: expect.stringMatching(/^[0-9a-f]{8}$/), actorLabel: "nightly import" });
    const undone = await api(`/v1/batches/${batch?.id}/revert`, {
      method: "POST",
      headers: { ...ADMIN, "x-actor": "ann" },
    });
    expect(await jsonOf(undone)).toMatchObject({
      status: "reverted",
      revertedByLabel: "ann",
      revertedAt: expect.any(String),
    });
  });

  it("is for operators only", async () => {
    const { batchId } = await imported("ann@example.com\n");
    for (const path of ["", `/${batchId}`]) {
      expect((await api(`/v1/batches${path}`, { headers: CHECK })).status).toBe(403);
      expect((await api(`/v1/batches${path}`, { headers: {} })).status).toBe(401);
    }
  });
});

describe("undoing a large batch", () => {
  it("goes on in the cron where the request ends", async () => {
    const { batchId } = await imported(Array.from({ length: 60 }, (_, i) => `user-${i}@example.com`).join("\n"));
    const noObjects = testEnv(withFaults(failStore("object")).bindings);
    const response = await revert(batchId, noObjects);
    expect(response.status).toBe(200);
    expect(await jsonOf(response)).toMatchObject({ status: "reverted", retracted: 60, pending: 60 });
    expect(await reasonsOf("user-7@example.com")).toEqual(["manual"]);
    expect(await jsonOf(await api("/health"))).toMatchObject({ pending: 60 });
    await runCron();
    expect(await batchOf(batchId)).toMatchObject({ pending: 0 });
    expect(await countOf("recipients WHERE suppressed = 1")).toBe(0);
  });

  it("that broke off while it was being withdrawn is finished by the cron", async () => {
    const { batchId } = await imported("ann@example.com\n");
    const faults = withFaults((step, index) => (step.operation === "batch" && index > 1 ? "before" : null));
    expect((await revert(batchId, testEnv(faults.bindings))).status).toBe(503);
    expect(await batchOf(batchId)).toMatchObject({ status: "reverting", retracted: 0 });
    await runCron();
    expect(await batchOf(batchId)).toMatchObject({ status: "reverted", retracted: 1, pending: 0 });
    expect(await reasonsOf("ann@example.com")).toEqual([]);
  });
});
