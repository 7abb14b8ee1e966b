/**
 * What is recorded and not yet applied is visible and finite: every such event is in a small index of its own, shows in
 * the answer, in /health and on the recipient's page, and the cron applies it, the oldest first. A recipient that
 * always fails keeps its own events waiting and nobody else's.
 *
 * Not promised: an order among the recipients of one wave, which are asked at the same time; an end while a store
 * does not work; that one run of the cron is enough: it stops in time for the next one, which goes on.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import worker from "../../src/index";
import { failStore, holdStep, nth, withFaults } from "../support/faults";
import { expectAgreement } from "../support/ledger";
import { bounced, delivered, post, type Report, report, softBounces } from "../support/reports";
import { everyFault } from "../support/rounds";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { notingStatements, planOf } from "../support/statements";
import { countOf, reasonsOf, rowsOf, tamper } from "../support/stores";
import { ADMIN, api, bindings, jsonOf, ORIGIN, runCron, testEnv } from "../support/worker";

setStage();

let made = 0;
const someone = () => `pending-${++made}@example.com`;
const withoutObjects = () => testEnv(withFaults(failStore("object")).bindings);
const pendingCount = () => countOf("events INDEXED BY events_pending WHERE state = 0");
const health = async () => jsonOf(await api("/health"));

/** Records events while no object answers. */
async function leavePending(reports: readonly Report[]): Promise<void> {
  const { pending } = await jsonOf(await post(reports, withoutObjects()));
  expect(pending).toBe(reports.length);
}

/** The recipients' objects, less one that never answers. */
function withoutObjectOf(key: string) {
  const RECIPIENT = new Proxy(bindings.RECIPIENT, {
    get: (namespace, name) => (asked: string) => {
      if (name === "getByName" && asked === key) throw new Error("this object never answers");
      return (Reflect.get(namespace, name) as (asked: string) => unknown).call(namespace, asked);
    },
  });
  return testEnv({ RECIPIENT });
}

async function expectAgreementSoon(recipient: string) {
  await settle();
  return expectAgreement(recipient);
}

describe("every event that is not applied", () => {
  it("is in the partial index, whatever its kind, unless it cannot matter to its recipient", async () => {
    const about = (kind: string, more: Partial<Report> = {}): Report => ({ kind, recipient: someone(), ...more });
    const concerning = [
      ...["hard", "soft", "expired", "block", "undetermined"].map((c) => about("bounced", { class: c })),
      ...["complained", "unsubscribed", "manual_block", "manual_release", "manual_allow"].map((kind) => about(kind)),
      about("rejected", { category: "bounced" }),
    ];
    const others = [
      ...["delivered", "deferred", "auto_reply"].map((kind) => about(kind)),
      about("rejected", { category: "policy" }),
    ];
    const { pending } = await jsonOf(await post([...concerning, ...others], withoutObjects()));
    expect(pending).toBe(concerning.length);
    const indexed = await rowsOf<{ address: string }>(
      "SELECT address FROM events INDEXED BY events_pending WHERE state = 0 ORDER BY seq",
    );
    expect(indexed.map(({ address }) => address)).toEqual(concerning.map(({ recipient }) => recipient));
    expect(await countOf("events WHERE applied_at IS NULL AND state NOT IN (0, 2)")).toBe(0);
    await runCron();
    expect(await pendingCount()).toBe(0);
    expect(await countOf("events WHERE state = 1 AND applied_at IS NULL")).toBe(0);
  });

  it("is among them again when a delivery that was passed over turns out to matter", async () => {
    const recipient = someone();
    await report(delivered(recipient, Date.now()));
    expect(await pendingCount()).toBe(0);
    await leavePending([bounced(recipient, "soft", Date.now() - MINUTE_MS)]);
    await runCron();
    expect(await pendingCount()).toBe(0);
    expect((await expectAgreementSoon(recipient)).verdict.softCount).toBe(0);
    expect(await countOf("events WHERE address = ? AND state = 1", recipient)).toBe(2);
  });

  it("is found by that index alone, also in a large journal with statistics", async () => {
    await tamper(
      `INSERT INTO events (seq, id, address, provider, connection, kind, occurred_at, received_at, state, applied_at)
       SELECT value, value, 'old@example.com', 'api', 'default', 'deferred', 1, 1, 1, 1 FROM json_each(?1)`,
      JSON.stringify(Array.from({ length: 5_000 }, (_, i) => i)),
    );
    const { DB, texts } = notingStatements();
    await runCron(testEnv({ DB }));
    await api("/health", { env: testEnv({ DB }) });
    const searches = [...texts].filter((sql) => /FROM events WHERE state = 0/.test(sql));
    expect(searches).toHaveLength(2);
    for (const analysed of [false, true]) {
      if (analysed) await bindings.DB.prepare("ANALYZE").run();
      for (const sql of searches) {
        const lines = (await planOf(sql)).filter((line) => / events/.test(line));
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(line).toMatch(/USING (COVERING )?INDEX events_pending/);
      }
    }
  });
});

describe("it shows", () => {
  it("in the answer, in /health with its age, on the recipient's page and in the journal, until it is applied", async () => {
    const recipient = someone();
    await leavePending([bounced(recipient, "hard", Date.now())]);
    pass(5 * MINUTE_MS);
    expect(await health()).toMatchObject({ status: "ok", pending: 1, oldestPendingSeconds: 300 });
    expect(await jsonOf(await api(`/v1/recipients/${recipient}`))).toMatchObject({ pending: 1, suppressed: false });
    expect((await jsonOf(await api(`/v1/events?recipient=${recipient}`))).items).toMatchObject([{ appliedAt: null }]);
    pass(11 * MINUTE_MS);
    const stuck = await api("/health");
    expect(stuck.status).toBe(503);
    expect(await jsonOf(stuck)).toMatchObject({ status: "failing", pending: 1, oldestPendingSeconds: 960 });

    await runCron();
    const healthy = await api("/health");
    expect(healthy.status).toBe(200);
    expect(await jsonOf(healthy)).toMatchObject({ status: "ok", pending: 0, oldestPendingSeconds: null });
    expect(await jsonOf(await api(`/v1/recipients/${recipient}`))).toMatchObject({ pending: 0, suppressed: true });
  });

  it("in the answer to a repetition, which tries again without waiting for the cron", async () => {
    const reports = [bounced(someone(), "hard", Date.now()), bounced(someone(), "hard", Date.now())];
    await leavePending(reports);
    expect(await jsonOf(await post(reports, withoutObjects()))).toMatchObject({ new: 0, duplicate: 2, pending: 2 });
    expect(await jsonOf(await post(reports))).toMatchObject({ new: 0, duplicate: 2, pending: 0 });
    expect(await pendingCount()).toBe(0);
  });

  it("in the answer that does not wait for a slow object, which goes on in the background", async () => {
    const recipient = someone();
    const slow = holdStep(nth(0, "object", "apply"), "before");
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
    const ctx = createExecutionContext();
    const body = JSON.stringify({ kind: "bounced", class: "hard", recipient });
    const request = new Request(`${ORIGIN}/v1/events`, { method: "POST", headers: ADMIN, body });
    const answering = worker.fetch(request, testEnv(withFaults(slow.plan).bindings), ctx);
    await slow.reached;
    vi.advanceTimersByTime(3_000);
    const answer = await jsonOf(await answering);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    expect(answer).toMatchObject({ new: 1, pending: 1 });
    expect((await health()).pending).toBe(1);
    slow.release();
    await waitOnExecutionContext(ctx);
    expect((await health()).pending).toBe(0);
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
  });
});

describe("the cron", () => {
  it("applies the oldest first", async () => {
    const reports = Array.from({ length: 130 }, () => bounced(someone(), "hard", Date.now()));
    await leavePending(reports);
    let projections = 0;
    const oneWave = withFaults((step) => (step.operation === "batch" && projections++ > 0 ? "before" : null));
    await runCron(testEnv(oneWave.bindings));
    const states = await rowsOf<{ state: number }>("SELECT state FROM events ORDER BY seq DESC LIMIT 130");
    const applied = states.filter(({ state }) => state === 1).length;
    expect(applied).toBeGreaterThan(0);
    expect(applied).toBeLessThan(130);
    expect(states.slice(-applied).every(({ state }) => state === 1)).toBe(true);
    await runCron();
    expect(await pendingCount()).toBe(0);
  });

  it("stops in time, and the next run goes on", async () => {
    const recipients = [someone(), someone(), someone()];
    await leavePending(recipients.flatMap((recipient) => softBounces(recipient, 400, Date.now() - 30 * MINUTE_MS)));
    const slow = withFaults((step) => {
      return step.operation === "apply" ? { holdBefore: async () => pass(MINUTE_MS) } : null;
    });
    await runCron(testEnv(slow.bindings));
    const left = await pendingCount();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(1_200);
    for (let run = 0; run < 3; run++) await runCron(testEnv(slow.bindings));
    expect(await pendingCount()).toBe(0);
    for (const recipient of recipients) expect((await expectAgreementSoon(recipient)).verdict.softCount).toBe(400);
  });

  it("does not let one recipient that always fails hold up the others, however much of it waits", async () => {
    const [stubborn, others] = [someone(), Array.from({ length: 30 }, someone)];
    await leavePending(softBounces(stubborn, 600, Date.now() - 30 * MINUTE_MS));
    pass(MINUTE_MS);
    await leavePending(others.map((recipient) => bounced(recipient, "hard", Date.now())));
    const env = withoutObjectOf(await sha256Hex(stubborn));
    for (let run = 0; run < 3; run++) {
      await runCron(env);
      expect(await countOf("events WHERE state = 0 AND address = ?", stubborn)).toBe(600);
      expect(await pendingCount()).toBe(600);
      pass(10 * MINUTE_MS);
    }
    expect(await health()).toMatchObject({ status: "failing", pending: 600, oldestPendingSeconds: 31 * 60 });
    for (const recipient of others) expect(await reasonsOf(recipient)).toEqual(["hard"]);
    await runCron();
    expect(await pendingCount()).toBe(0);
    expect((await expectAgreementSoon(stubborn)).verdict.softCount).toBe(600);
  });

  it("may fail at any of its steps: the next runs finish what is left", async () => {
    const steps = await everyFault({
      prepare: async ({ address }) => {
        await leavePending([
          ...softBounces(address("full"), 5, Date.now() - 3 * MINUTE_MS),
          bounced(address("gone"), "hard", Date.now()),
        ]);
        pass(2 * MINUTE_MS);
      },
      play: ({ env }) => runCron(env),
      check: async ({ address }) => {
        await settle();
        expect(await pendingCount()).toBe(0);
        expect((await expectAgreement(address("full"))).verdict.suppressions).toHaveLength(1);
        expect((await expectAgreement(address("gone"))).verdict.suppressions).toHaveLength(1);
      },
    });
    expect(steps).toBeGreaterThan(6);
  });
});
