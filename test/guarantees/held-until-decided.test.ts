/**
 * What a burst of bounces would do is held until a person has decided, and then done exactly: confirmed, every recipient
 * stands as if the bounce had never been held; dropped, as if it had never been; and with `releaseSuppressed`, so does whom
 * the burst suppressed before it was noticed. Deciding may be interrupted at any step and asked for again, or left to the
 * cron. The journal keeps all of it.
 *
 * Not promised: that a burst is noticed with its first bounces (these are what may be released), nor that what is decided has
 * reached everybody by the time of the answer: what is left is pending, in sight, and the cron's.
 */
import { describe, expect, it } from "vitest";
import { type Burst, burst } from "../support/bursts";
import { decide, decided, guardedEnv } from "../support/incidents";
import { eventsOf, expectAgreement } from "../support/ledger";
import { post, rebuild, report } from "../support/reports";
import { everyFault, type Round, untilAccepted } from "../support/rounds";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { countOf, reasonsOf, standingOf } from "../support/stores";
import { api, jsonOf } from "../support/worker";

setStage();

/** So few make a burst here that a round is small. */
const GUARDED = { POLICY: { guard: { min_recipients: 3 } } };
const env = guardedEnv();

describe("during an incident", () => {
  it("a rebuild of a recipient, and of everybody, decides the same", async () => {
    const { first, then } = await burst(env);
    const [applied = "", complained = "", held = ""] = [first[0], ...then];
    await report({ kind: "complained", recipient: complained }, env);
    const all = [applied, complained, held];
    const before = await Promise.all(all.map(standingOf));
    for (const recipient of [applied, complained]) expect((await rebuild(recipient, env)).status).toBe(200);
    expect(await Promise.all(all.map(standingOf))).toEqual(before);
    for (let cursor: string | null = null; ; ) {
      const answer = await api("/v1/rebuild", { json: { target: "recipients", cursor }, env });
      cursor = (await jsonOf<{ nextCursor: string | null }>(answer)).nextCursor;
      if (cursor === null) break;
    }
    expect(await Promise.all(all.map(standingOf))).toEqual(before);
    expect(await Promise.all(all.map(reasonsOf))).toEqual([["hard"], ["complaint"], []]);
  });

  it("what is held is on record, and pending nowhere", async () => {
    const { then, id } = await burst(env);
    for (const recipient of then)
      expect((await eventsOf(recipient)).at(-1)).toMatchObject({ state: 2, incident_id: id });
    expect(await countOf("events WHERE state = 0")).toBe(0);
    await settle(env);
    for (const recipient of then) await expectAgreement(recipient);
  });
});

describe("whichever step fails", () => {
  const bursts = new Map<string, Burst>();
  const burstOf = ({ domain }: Round) => bursts.get(domain) as Burst;

  async function prepare(round: Round): Promise<void> {
    const complainer = round.address("then1");
    bursts.set(round.domain, await burst(round.env, 2, {}, { domain: round.domain, before: 2 }));
    await report({ kind: "complained", recipient: complainer }, round.env);
    pass(MINUTE_MS);
  }

  /** What every recipient of a round is suppressed for, once the cron has been there. */
  async function check(round: Round, expected: { readonly before: string[]; readonly held: string[] }): Promise<void> {
    await settle(env);
    const { first, then, id } = burstOf(round);
    await Promise.all([...first, ...then].map((recipient) => expectAgreement(recipient)));
    for (const recipient of first) expect(await reasonsOf(recipient)).toEqual(expected.before);
    expect(await reasonsOf(then[0] ?? "")).toEqual(expected.held);
    expect(await reasonsOf(then[1] ?? "")).toEqual([...expected.held, "complaint"]);
    const events = await Promise.all([...first, ...then].map(eventsOf));
    expect(events.flat().filter((event) => event.kind === "bounced")).toHaveLength(first.length + then.length);
    expect(await countOf("incidents WHERE id = ? AND settled_at IS NOT NULL", id)).toBe(1);
    expect(await countOf("audit WHERE subject = ?", id)).toBe(1);
  }

  it("while it is confirmed, what was held takes effect, once", async () => {
    const steps = await everyFault({
      env: GUARDED,
      prepare,
      play: async (round) => {
        await untilAccepted(() => decide(burstOf(round).id, "confirm", {}, round.env));
      },
      check: (round) => check(round, { before: ["hard"], held: ["hard"] }),
    });
    expect(steps).toBeGreaterThan(8);
  });

  it("while it is dropped and what came before is released, nobody stays suppressed for it", async () => {
    const steps = await everyFault({
      env: GUARDED,
      prepare,
      play: async (round) => {
        await untilAccepted(() => decide(burstOf(round).id, "drop", { releaseSuppressed: true }, round.env));
      },
      check: (round) => check(round, { before: [], held: [] }),
    });
    expect(steps).toBeGreaterThan(10);
  });

  it("when nobody asks again, the cron carries out what was decided", async () => {
    await everyFault({
      env: GUARDED,
      prepare,
      play: async (round) => {
        const answer = await decide(burstOf(round).id, "drop", { releaseSuppressed: true }, round.env);
        if (!answer.ok) expect(answer.status).toBe(503);
      },
      check: async (round) => {
        const { id } = burstOf(round);
        const undecided = await countOf("incidents WHERE id = ? AND status = 'open'", id);
        if (undecided) await decided(id, "drop", { releaseSuppressed: true }, env);
        await check(round, { before: [], held: [] });
      },
    });
  });

  it("while the burst is recorded, a provider's retry is held with it", async () => {
    await everyFault({
      env: GUARDED,
      prepare,
      play: async (round) => {
        const { said } = burstOf(round);
        const late = { kind: "bounced", class: "hard", messageId: "late", ...said, recipient: round.address("late") };
        await untilAccepted(() => post({ ...late, at: Date.now() }, round.env));
      },
      check: async (round) => {
        await settle(env);
        const { id } = burstOf(round);
        expect(await eventsOf(round.address("late"))).toMatchObject([{ state: 2, incident_id: id }]);
        expect(await countOf("incidents WHERE id = ? AND held = 3", id)).toBe(1);
        await expectAgreement(round.address("late"));
      },
    });
  });
});
