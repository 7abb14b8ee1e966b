/**
 * Acknowledged means recorded.
 *
 * When a request is answered with success, every event of it is committed in the journal; every record of it that
 * could not be read is in quarantine, and the bytes it came in are kept; and what is neither is of a kind that the
 * adapter knows and does not want. That holds whatever fails, at whatever moment. The only other answer to a verified
 * request is a 503 that asks for another attempt, and then either all of the request is recorded or none of it. A mail
 * that is handed over is answered in the same way: the handler returns, or it throws, and the sending server tries again.
 *
 * Not promised: that the events have taken effect by then (what has not is pending, and says so), nor that a 503 means
 * "not recorded": the answer of a commit can get lost. The next attempt then finds duplicates, and that is all.
 */
import { describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { gunzip } from "../../src/pipeline/receipt";
import { failStore, holdStep, nth, withFaults } from "../support/faults";
import { eventsOf, expectAgreement, expectStatistics, rowOf } from "../support/ledger";
import { dsn, letter, route } from "../support/mails";
import { bounce, delivery, received } from "../support/pmta";
import { command, everyFault, newRound, post, postRecords, type Round, untilAccepted } from "../support/rounds";
import { MINUTE_MS, START_MS, setStage, settle } from "../support/stage";
import { api, bindings, jsonOf, testEnv } from "../support/worker";

setStage();

const at = START_MS - 5 * MINUTE_MS;
const TIMERS_ARE_FASTER = 100;

/** One record of every sort: events of two recipients, one that nobody wants, one that nobody can read. */
function mixedBatch({ address }: Pick<Round, "address">): string {
  return JSON.stringify([
    bounce("soft", { recipient: address("ann"), message: "1", at }),
    bounce("hard", { recipient: address("bob"), message: "2", at }),
    delivery({ recipient: address("ann"), message: "3", at: at - MINUTE_MS }),
    received({ recipient: address("ann"), message: "4", at }),
    { type: "unheard of", rcpt: address("ann") },
  ]);
}

interface Kept {
  readonly items: readonly (number | null)[];
  readonly bodies: readonly string[];
}

/** What quarantine holds of a body. */
async function quarantineOf(body: string): Promise<Kept> {
  const { results } = await bindings.DB.prepare(
    `SELECT q.item, b.bytes FROM receipts r JOIN quarantine q ON q.receipt_id = r.id
     JOIN receipt_bodies b ON b.receipt_id = r.id WHERE r.body_sha256 = ?1 AND r.status = 'quarantined'`,
  )
    .bind(await sha256Hex(body))
    .all<{ item: number | null; bytes: ArrayBuffer }>();
  const bodies = results.map(async ({ bytes }) => new TextDecoder().decode(await gunzip(new Uint8Array(bytes))));
  return { items: results.map((row) => row.item), bodies: await Promise.all(bodies) };
}

/** Hands a mail over until it is taken, as a sending server does. */
async function untilTaken(attempt: () => Promise<boolean>): Promise<void> {
  for (let attempts = 1; !(await attempt()); attempts++) expect(attempts).toBeLessThan(4);
}

describe("Acknowledged means recorded", () => {
  it("holds for a batch of events, noise and unreadable records, whichever step fails", async () => {
    const steps = await everyFault({
      play: async (round) => {
        const body = mixedBatch(round);
        await untilAccepted(async () => {
          const response = await post("inboxroad", body, round.env);
          const recorded = [await eventsOf(round.address("ann")), await eventsOf(round.address("bob"))];
          const kept = await quarantineOf(body);
          const parts = [...recorded.map((events) => events.length), kept.items.length];
          if (response.ok) {
            expect(parts).toEqual([2, 1, 1]);
            expect(kept).toEqual({ items: [4], bodies: [body] });
            expect(await jsonOf(response.clone())).toMatchObject({ received: 3, ignored: 1, quarantined: 1 });
          } else
            expect([
              [0, 0, 0],
              [2, 1, 1],
            ]).toContainEqual(parts);
          return response;
        });
      },
      check: async ({ address, domain }) => {
        await settle();
        expect((await expectAgreement(address("ann"))).verdict).toMatchObject({ suppressions: [], softCount: 1 });
        expect((await expectAgreement(address("bob"))).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(6);
  });

  it("holds for a body that cannot be read at all: it is kept, byte for byte", async () => {
    const steps = await everyFault({
      play: async ({ domain, env }) => {
        const body = `{"type": "b", "rcpt": "cut.off@${domain}", "dsn`;
        const response = await untilAccepted(() => post("inboxroad", body, env));
        expect(await jsonOf(response)).toMatchObject({ received: 0, quarantined: 1 });
        expect(await quarantineOf(body)).toEqual({ items: [null], bodies: [body] });
      },
      check: async ({ domain }) => expectStatistics(domain),
    });
    expect(steps).toBeGreaterThanOrEqual(2);
  });

  it("holds for a request whose rows need several statements: all of it, or none", async () => {
    const EVENTS = 3_000;
    const steps = await everyFault({
      play: async ({ address, env }) => {
        const recipient = address("ann");
        const records = Array.from({ length: EVENTS }, (_, i) => delivery({ recipient, message: `${i}`, at }));
        await untilAccepted(async () => {
          const response = await postRecords("inboxroad", records, env);
          const recorded = (await eventsOf(recipient)).length;
          expect(response.ok ? [EVENTS] : [0, EVENTS]).toContain(recorded);
          return response;
        });
      },
      check: async ({ domain }) => expectStatistics(domain),
    });
    expect(steps).toBeGreaterThanOrEqual(2);
  });

  it("holds for events that are posted to the API", async () => {
    const steps = await everyFault({
      play: async ({ address, env }) => {
        const events = ["ann", "bob"].map((name) => ({ kind: "unsubscribed", recipient: address(name), id: name }));
        const response = await untilAccepted(() => api("/v1/events", { json: events, env }));
        const recorded = [await eventsOf(address("ann")), await eventsOf(address("bob"))].flat();
        const { items } = (await jsonOf(response)) as { items: { id: string }[] };
        expect(recorded.map((event) => event.id)).toEqual(items.map((item) => item.id));
      },
      check: async ({ address, domain }) => {
        await settle();
        for (const name of ["ann", "bob"]) {
          expect((await expectAgreement(address(name))).verdict.suppressions).toMatchObject([
            { reason: "unsubscribe" },
          ]);
        }
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(4);
  });

  it("holds for a mail that is handed over: the handler returns when it is recorded, and throws when it is not", async () => {
    const steps = await everyFault({
      prepare: async ({ address }) => {
        const sent = { kind: "delivered", recipient: address("ann"), messageId: address("m1") };
        await api("/v1/events", { json: sent });
      },
      play: async ({ address, env }) => {
        const failed = ["ann", "bob"].map((name) => ({ recipient: address(name) }));
        const mail = dsn(failed, { message: address("m1"), id: address("report") });
        await untilTaken(async () => {
          const isTaken = await route(mail, address("bounces"), env).then(
            () => true,
            () => false,
          );
          const events = (await eventsOf(address("ann"))).filter(({ kind }) => kind === "bounced").length;
          const kept = await quarantineOf(mail);
          if (isTaken) expect([events, kept]).toEqual([1, { items: [1], bodies: [mail] }]);
          else expect([0, 1]).toContain(events);
          return isTaken;
        });
      },
      check: async ({ address, domain }) => {
        await settle();
        expect((await expectAgreement(address("ann"))).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
        expect(await eventsOf(address("bob"))).toEqual([]);
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(5);
  });

  it("holds for a mail that is no report, whichever step fails: it is kept, byte for byte", async () => {
    await everyFault({
      play: async ({ domain, env }) => {
        const mail = letter({ id: domain });
        await untilTaken(() =>
          route(mail, undefined, env).then(
            () => true,
            () => false,
          ),
        );
        expect(await quarantineOf(mail)).toEqual({ items: [null], bodies: [mail] });
      },
      check: async ({ domain }) => expectStatistics(domain),
    });
  });

  it("holds for an operator's commands: the last one that was accepted decides", async () => {
    for (const [before, commands, reasons] of [
      [[], ["PUT", "DELETE", "PUT"], ["manual"]],
      [["PUT"], ["DELETE"], []],
    ] as const) {
      const steps = await everyFault({
        prepare: async ({ address, env }) => {
          for (const method of before) await command(method, address("ann"), env);
        },
        play: async ({ address, env }) => {
          for (const method of commands) await command(method, address("ann"), env);
        },
        check: async ({ address }) => {
          await settle();
          const { verdict } = await expectAgreement(address("ann"));
          expect(verdict.suppressions.map((s) => s.reason)).toEqual(reasons);
        },
      });
      expect(steps).toBeGreaterThanOrEqual(5 * commands.length);
    }
  });

  it("is not answered while the journal cannot be written", async () => {
    const { address, env } = newRound(failStore("db"));
    const body = mixedBatch({ address });
    for (let attempt = 0; attempt < 3; attempt++) expect((await post("inboxroad", body, env)).status).toBe(503);
    expect(await eventsOf(address("ann"))).toEqual([]);
    expect((await post("inboxroad", body, testEnv())).status).toBe(200);
    expect(await eventsOf(address("ann"))).toHaveLength(2);
  });

  it("does not wait for objects or the edge cache to work: what they miss is visibly pending", async () => {
    for (const [store, pending] of [
      ["object", 2],
      ["kv", 0],
    ] as const) {
      const { address, env } = newRound(failStore(store));
      const response = await post("inboxroad", mixedBatch({ address }), env);
      expect(response.status).toBe(200);
      expect(await jsonOf(response)).toMatchObject({ new: 3, pending });
      const unapplied = [...(await eventsOf(address("ann"))), ...(await eventsOf(address("bob")))];
      expect(unapplied.filter((event) => event.state === 0)).toHaveLength(pending);
      await settle();
      expect((await expectAgreement(address("bob"))).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
    }
  });

  it("takes up what is pending when the provider posts it again", async () => {
    const { address, env } = newRound(failStore("object"));
    const body = mixedBatch({ address });
    await post("inboxroad", body, env);
    const retry = await post("inboxroad", body, testEnv());
    expect(await jsonOf(retry)).toMatchObject({ new: 0, duplicate: 3, pending: 0 });
    expect(await rowOf(address("ann"))).toMatchObject({ soft_count: 1 });
    expect(await rowOf(address("bob"))).toMatchObject({ suppressed: 1 });
  });

  it("does not wait for an object that never answers", async () => {
    const held = holdStep(nth(0, "object", "apply"), "before");
    const { address } = newRound();
    const record = bounce("hard", { recipient: address("ann"), message: "1", at });
    const startTimer = globalThis.setTimeout;
    const runTimer = (callback: () => void, ms = 0) => startTimer(callback, ms / TIMERS_ARE_FASTER);
    const timers = vi.spyOn(globalThis, "setTimeout").mockImplementation(runTimer as typeof setTimeout);
    try {
      // The harness waits for background work, so the object has to answer at last: long after any provider gave up.
      void held.reached.then(() => setTimeout(held.release, 10_000));
      const response = await postRecords("inboxroad", [record], testEnv(withFaults(held.plan).bindings));
      expect(response.status).toBe(200);
      expect(await jsonOf(response)).toMatchObject({ new: 1, pending: 1 });
    } finally {
      timers.mockRestore();
    }
    expect(await rowOf(address("ann"))).toMatchObject({ suppressed: 1 });
  });
});
