/**
 * Two things at the same time.
 *
 * A delivery is recorded as "skipped" where it cannot matter: where no bounce of its recipient counts. Whether one does is
 * decided elsewhere, at the same time. Whichever of the two comes first, a delivery that matters is applied: either its
 * insert sees the counter, or the projection that brings the counter to life finds the delivery. The same for everything
 * else that may cross: each test holds one of two requests at every one of its steps, runs the other one from beginning
 * to end, and lets the first go on; then with the roles changed.
 *
 * Not promised: the same verdict in between.
 */
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/config";
import { failStore, holdStep, type Moment, withFaults } from "../support/faults";
import { eventsOf, expectAgreement, expectStatistics, policyOf, rowOf } from "../support/ledger";
import { bounce, delivery, remoteBounce } from "../support/pmta";
import { command, deliver, newRound, postRecords, rebuild } from "../support/rounds";
import { MINUTE_MS, pass, reconcile, START_MS, setStage, settle } from "../support/stage";
import { testEnv } from "../support/worker";

setStage();

const SKIPPED = 2;

const atMinute = (minute: number) => START_MS - 60 * MINUTE_MS + minute * MINUTE_MS;

/** Something that is done about a recipient. */
type Act = (recipient: string, env: Env) => Promise<unknown>;

const soft = (message: string, minute: number): Act =>
  posting((recipient) => bounce("soft", { recipient, message, at: atMinute(minute) }));
const hard = (message: string, minute: number): Act =>
  posting((recipient) => bounce("hard", { recipient, message, at: atMinute(minute) }));
const returned = (message: string, minute: number): Act =>
  posting((recipient) => remoteBounce("soft", { recipient, message, at: atMinute(minute) }));
const delivered = (message: string, minute: number): Act =>
  posting((recipient) => delivery({ recipient, message, at: atMinute(minute) }));
const releasing: Act = (recipient, env) => command("DELETE", recipient, env);
const blocking: Act = (recipient, env) => command("PUT", recipient, env);
const rebuilding: Act = (recipient, env) => rebuild(recipient, env);
const cron: Act = (_recipient, env) => reconcile(env);

function posting(record: (recipient: string) => unknown): Act {
  return (recipient, env) => deliver("powermta", [record(recipient)], env);
}

/** While its objects do not answer: recorded and pending. */
const unapplied =
  (act: Act): Act =>
  (recipient) =>
    act(recipient, testEnv(withFaults(failStore("object")).bindings));

interface Crossing {
  readonly before?: readonly Act[];
  readonly one: Act;
  readonly other: Act;
  readonly outcome: { readonly softCount: number; readonly reasons: readonly string[] };
}

/**
 * Holds each of the two before every one of its steps, and after the last: after a step and before the next is the same.
 *
 * @returns in how many ways they crossed
 */
async function everyCrossing(crossing: Crossing): Promise<number> {
  let crossings = 0;
  for (const [held, free] of [
    [crossing.one, crossing.other],
    [crossing.other, crossing.one],
  ] as const) {
    let n = 0;
    while (await cross(crossing, held, free, n, "before")) n++;
    expect(await cross(crossing, held, free, n - 1, "after")).toBe(true);
    crossings += n + 1;
  }
  return crossings;
}

/** @returns is there such a step? */
async function cross(
  { before = [], one, outcome }: Crossing,
  held: Act,
  free: Act,
  n: number,
  moment: Moment,
): Promise<boolean> {
  const { address, domain } = newRound();
  const recipient = address("ann");
  for (const act of before) await act(recipient, testEnv());
  const hold = holdStep((_step, index) => index === n, moment);
  const first = held(recipient, testEnv(withFaults(hold.plan).bindings));
  const reached = await Promise.race([hold.reached.then(() => true), first.then(() => false)]);
  if (reached) await free(recipient, testEnv());
  hold.release();
  await first;
  if (!reached) return false;
  await settle();
  const { verdict } = await expectAgreement(recipient);
  const label = `held ${moment} step ${n} of ${held === one ? "one" : "the other"}`;
  expect({ softCount: verdict.softCount, reasons: verdict.suppressions.map((s) => s.reason) }, label).toEqual(outcome);
  await expectStatistics(domain);
  return true;
}

describe("Two things at the same time", () => {
  it("a first bounce and a later delivery: the delivery takes it back", async () => {
    const crossings = await everyCrossing({
      one: soft("1", 1),
      other: delivered("2", 2),
      outcome: { softCount: 0, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(7);
  });

  it("a bounce older than the oldest that counts, and a delivery between the two", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 5)],
      one: soft("2", 1),
      other: delivered("3", 3),
      outcome: { softCount: 1, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("the bounce that voids the latest delivery, and an older delivery that arrives late", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 1), delivered("2", 4)],
      one: returned("2", 6),
      other: delivered("3", 2),
      outcome: { softCount: 1, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(7);
  });

  it("a delivery and the bounce that returns the same message", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 1)],
      one: delivered("2", 2),
      other: returned("2", 3),
      outcome: { softCount: 2, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("a hard bounce and a release: what occurred before it cannot suppress", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 1)],
      one: hard("2", 2),
      other: releasing,
      outcome: { softCount: 0, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("a bounce and a rebuild", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 1), delivered("2", 0)],
      one: soft("3", 2),
      other: rebuilding,
      outcome: { softCount: 2, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("a provider's retry and the cron, both at the same pending event", async () => {
    const crossings = await everyCrossing({
      before: [soft("1", 1), unapplied(soft("2", 2))],
      one: soft("2", 2),
      other: cron,
      outcome: { softCount: 2, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("a release, and the cron that applies the block before it", async () => {
    const crossings = await everyCrossing({
      before: [unapplied(blocking)],
      one: releasing,
      other: cron,
      outcome: { softCount: 0, reasons: [] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });

  it("a block, and the cron that applies the release before it", async () => {
    const crossings = await everyCrossing({
      before: [blocking, unapplied(releasing)],
      one: blocking,
      other: cron,
      outcome: { softCount: 0, reasons: ["manual"] },
    });
    expect(crossings).toBeGreaterThanOrEqual(8);
  });
});

describe("A bounce that comes back long after its delivery", () => {
  it("voids the delivery, and what it had taken back counts again", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    const softCount = async () => (await rowOf(recipient))?.soft_count;
    for (const minute of [1, 2, 3, 4]) await soft(`${minute}`, minute)(recipient, env);
    expect(await softCount()).toBe(4);
    await delivered("5", 5)(recipient, env);
    expect(await softCount()).toBe(0);
    pass(3 * 24 * 60 * MINUTE_MS);
    await returned("5", 6)(recipient, env);
    await settle();
    const { verdict } = await expectAgreement(recipient);
    expect(verdict).toMatchObject({ softCount: 5, suppressions: [{ reason: "soft", since: atMinute(6) }] });
  });

  it("wakes an older delivery that was skipped while the voided one stood", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    for (const act of [soft("1", 1), soft("2", 3), delivered("3", 5)]) await act(recipient, env);
    await delivered("4", 2)(recipient, env);
    const late = async () => (await eventsOf(recipient)).find((e) => e.internet_message_id?.startsWith("4@"));
    expect(await late()).toMatchObject({ state: SKIPPED });
    await returned("3", 6)(recipient, env);
    expect(await late()).toMatchObject({ state: 1 });
    await settle();
    expect((await expectAgreement(recipient)).verdict.softCount).toBe(2);
  });

  it("is on nobody's mind while it is all that is known: the delivery before it stays skipped", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    await delivered("1", 1)(recipient, env);
    await returned("1", 2)(recipient, env);
    await settle();
    const { events, verdict } = await expectAgreement(recipient);
    expect(events.map((event) => event.state)).toEqual([SKIPPED, 1]);
    expect(verdict.softCount).toBe(1);
  });

  it("counts where the policy lets no delivery take anything back", async () => {
    const raw = { POLICY: { reset_on_delivery: false } };
    const { address, env } = newRound(undefined, raw);
    const recipient = address("ann");
    const records = [bounce, remoteBounce].map((make) => make("soft", { recipient, message: "1", at: atMinute(1) }));
    expect((await postRecords("powermta", records, env)).status).toBe(200);
    await delivered("2", 2)(recipient, env);
    await settle(testEnv(raw));
    expect((await expectAgreement(recipient, policyOf(raw.POLICY))).verdict.softCount).toBe(1);
  });
});
