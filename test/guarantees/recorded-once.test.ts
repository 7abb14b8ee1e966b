/**
 * Recorded once.
 *
 * The same event, delivered any number of times and in any grouping (alone, in another batch, twice in one request, by
 * requests at the same time), is one row of the journal and one in the daily statistics; a record that cannot be read is
 * one item of quarantine. The answers say so: what was known already is counted as a duplicate.
 *
 * Not promised: that two sources which tell of the same bounce are one row. They are two facts, about one message, and
 * the message counts once (counted-once.test.ts). Nor that an event without an id and without a time of its own is
 * recognized on another day.
 */
import { describe, expect, it } from "vitest";
import { SEQ_PER_RECEIPT } from "../../src/store/event-row";
import { eventsOf, expectAgreement, expectAllStatistics, expectStatistics } from "../support/ledger";
import { bounce, complaint, delivery, type PmtaRecord } from "../support/pmta";
import { deliver, everyFault, newRound, post, type Round, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage, settle } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf, testEnv } from "../support/worker";

setStage();

const at = START_MS - 5 * MINUTE_MS;

function threeEvents({ address }: Pick<Round, "address">): [PmtaRecord, PmtaRecord, PmtaRecord] {
  const recipient = address("ann");
  return [
    bounce("soft", { recipient, message: "1", at }),
    bounce("hard", { recipient, message: "2", at: at + 1_000 }),
    delivery({ recipient, message: "3", at: at + 2_000 }),
  ];
}

async function expectThreeRows({ address, domain }: Round): Promise<void> {
  const { events } = await expectAgreement(address("ann"));
  expect(events.map((event) => event.internet_message_id?.[0]).sort()).toEqual(["1", "2", "3"]);
  await expectStatistics(domain);
}

describe("Recorded once", () => {
  it("holds for an event that comes again in other groupings, whichever step fails", async () => {
    const steps = await everyFault({
      play: async (round) => {
        const [a, b, c] = threeEvents(round);
        await deliver("inboxroad", [a, b], round.env);
        await deliver("inboxroad", [c, a], round.env);
        await deliver("inboxroad", [b], round.env);
        await deliver("inboxroad", [c, b, a], round.env);
      },
      check: async (round) => {
        await settle();
        await expectThreeRows(round);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(10);
  });

  it("says which events were new, and which were duplicates", async () => {
    const { env, ...round } = newRound();
    const [a, b, c] = threeEvents(round);
    expect(await deliver("inboxroad", [a, b], env)).toMatchObject({ received: 2, new: 2, duplicate: 0 });
    expect(await deliver("inboxroad", [c, a], env)).toMatchObject({ received: 2, new: 1, duplicate: 1 });
    expect(await deliver("inboxroad", [b, c, a], env)).toMatchObject({ received: 3, new: 0, duplicate: 3 });
  });

  it("holds for an event that is in one request twice", async () => {
    const { env, ...round } = newRound();
    const [a, b, c] = threeEvents(round);
    expect(await deliver("inboxroad", [a, a, b, c, a], env)).toMatchObject({ received: 5, new: 3, duplicate: 2 });
    await settle();
    await expectThreeRows({ env, ...round });
  });

  it("holds for requests at the same time: every event is new to exactly one of them", async () => {
    const { env, ...round } = newRound();
    const [a, b, c] = threeEvents(round);
    const groupings = [[a, b, c], [c, a], [b], [a], [c, b]];
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, i) => deliver("inboxroad", groupings[i % groupings.length] ?? [], env)),
    );
    expect(answers.reduce((sum, counts) => sum + counts.new, 0)).toBe(3);
    await settle();
    await expectThreeRows({ env, ...round });
  });

  it("leaves nothing behind of a request that says nothing new", async () => {
    const { env, ...round } = newRound();
    await deliver("inboxroad", threeEvents(round), env);
    const before = [await countOf("receipts"), await countOf("receipt_bodies")];
    await deliver("inboxroad", threeEvents(round).reverse(), env);
    expect([await countOf("receipts"), await countOf("receipt_bodies")]).toEqual(before);
  });

  it("leaves statistics that count every event of the journal once", async () => {
    await settle();
    expect(await countOf("connection_stats")).toBe(3);
    await expectAllStatistics();
  });

  it("holds days later, and from then on", async () => {
    const { env, ...round } = newRound();
    await deliver("inboxroad", threeEvents(round), env);
    pass(3 * DAY_MS);
    expect(await deliver("inboxroad", threeEvents(round), env)).toMatchObject({ new: 0, duplicate: 3 });
    await settle();
    await expectThreeRows({ env, ...round });
  });

  it("holds for what cannot be read: one item of quarantine, whichever step fails", async () => {
    const steps = await everyFault({
      play: async ({ domain, address, env }) => {
        const good = bounce("hard", { recipient: address("ann"), message: "1", at });
        const body = JSON.stringify([{ type: "unheard of", rcpt: `bob@${domain}` }, good]);
        for (let time = 0; time < 3; time++) {
          const counts = await jsonOf(await untilAccepted(() => post("inboxroad", body, env)));
          expect(counts).toMatchObject({ received: 1, quarantined: 1 });
        }
      },
      check: async ({ address }) => {
        await settle();
        const { events } = await expectAgreement(address("ann"));
        const receipts = events.map((event) => Math.floor(event.seq / SEQ_PER_RECEIPT));
        expect(await countOf("quarantine WHERE receipt_id = ?1", receipts[0] ?? 0)).toBe(1);
        expect(
          await countOf("receipts r JOIN quarantine q ON q.receipt_id = r.id WHERE r.id > ?1", receipts[0] ?? 0),
        ).toBe(0);
        expect(events).toHaveLength(1);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(5);
  });

  it("holds for events with an id of the sender's own, and for a request with an idempotency key", async () => {
    const steps = await everyFault({
      play: async ({ address, env }) => {
        const named = ["x", "y"].map((id) => ({ kind: "unsubscribed", recipient: address("ann"), id }));
        const unnamed = { kind: "unsubscribed", recipient: address("bob") };
        for (const json of [named, named.toReversed()]) {
          await untilAccepted(() => api("/v1/events", { json, env }));
        }
        const headers = { authorization: "Bearer admin-token", "idempotency-key": "once" };
        for (let time = 0; time < 2; time++) {
          await untilAccepted(() => api("/v1/events", { json: unnamed, headers, env }));
          // Without the key another day would make it another event.
          pass(DAY_MS);
        }
      },
      check: async ({ address, domain }) => {
        await settle();
        expect((await expectAgreement(address("ann"))).events).toHaveLength(2);
        expect((await expectAgreement(address("bob"))).events).toHaveLength(1);
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(10);
  });

  it("does not take different events for the same", async () => {
    const { env, address } = newRound();
    const about = { recipient: address("ann"), message: "1", at };
    const different = [
      bounce("soft", about),
      bounce("hard", about),
      delivery(about),
      complaint(about),
      bounce("soft", { ...about, at: at + 1_000 }),
      bounce("soft", { ...about, message: "2" }),
      bounce("soft", { ...about, recipient: address("bob") }),
    ];
    expect(await deliver("inboxroad", different, env)).toMatchObject({ new: 7, duplicate: 0 });
    expect(await deliver("powermta", different, env)).toMatchObject({ new: 7, duplicate: 0 });
    const other = testEnv({ WEBHOOK_INBOXROAD__EU: "eu-secret" });
    const response = await api("/webhooks/inboxroad/eu?token=eu-secret", { json: different, headers: {}, env: other });
    expect(await jsonOf(response)).toMatchObject({ new: 7, duplicate: 0 });
    expect(await eventsOf(address("ann"))).toHaveLength(18);
  });
});
