/**
 * Order does not matter.
 *
 * What is decided about a recipient is a function of the set of its recorded events and of the policy, not of the order
 * in which they arrived, of how they were batched, of what arrived twice or of what failed on the way. An event from an
 * hour ago has its effect an hour ago.
 *
 * Not promised: the same verdict in between, while only a part has arrived; nor for operators' commands, which take
 * place in the order in which they are given.
 */
import { describe, expect, it } from "vitest";
import { expectAgreement, expectStatistics, policyOf } from "../support/ledger";
import { bounce, complaint, delivery, type PmtaRecord, remoteBounce } from "../support/pmta";
import { deliver, everyFault, newRound, type Round, untilAccepted } from "../support/rounds";
import { MINUTE_MS, START_MS, setStage, settle } from "../support/stage";
import { api, testEnv } from "../support/worker";

setStage();

const RAW_POLICY = { POLICY: { soft_threshold: 3 } };
const POLICY = policyOf({ soft_threshold: 3 });

type Send = (recipient: string, round: Round) => Promise<unknown>;

interface History {
  readonly name: string;
  readonly events: readonly Send[];
  /** Which suppress, and the minute since when. */
  readonly reasons: readonly (readonly [string, number])[];
  readonly softCount: number;
}

const atMinute = (minute: number) => START_MS - 60 * MINUTE_MS + minute * MINUTE_MS;

function record(make: (about: Parameters<typeof delivery>[0]) => PmtaRecord, message: string, minute: number): Send {
  return (recipient, { env }) => deliver("powermta", [make({ recipient, message, at: atMinute(minute) })], env);
}

const soft = (message: string, minute: number) => record((about) => bounce("soft", about), message, minute);
const hard = (message: string, minute: number) => record((about) => bounce("hard", about), message, minute);
const returned = (message: string, minute: number) => record((about) => remoteBounce("soft", about), message, minute);
const delivered = (message: string, minute: number) => record(delivery, message, minute);
const complained = (message: string, minute: number) => record(complaint, message, minute);

/** By a script that says when: a command of the API always takes place now. */
function released(minute: number): Send {
  return (recipient, { env }) => {
    const json = { kind: "manual_release", recipient, occurredAt: new Date(atMinute(minute)).toISOString() };
    return untilAccepted(() => api("/v1/events", { json, env }));
  };
}

const HISTORIES: readonly History[] = [
  {
    name: "a delivery that a later bounce of the same message voids",
    events: [soft("1", 1), delivered("2", 2), soft("3", 3), returned("2", 4)],
    reasons: [["soft", 4]],
    softCount: 3,
  },
  {
    name: "a voided delivery with an older one behind it",
    events: [soft("1", 1), delivered("2", 2), delivered("3", 4), returned("3", 6)],
    reasons: [],
    softCount: 1,
  },
  {
    name: "a release between a hard bounce, a soft bounce and a complaint",
    events: [hard("1", 1), released(3), soft("4", 4), complained("1", 5)],
    reasons: [["complaint", 5]],
    softCount: 1,
  },
  {
    name: "two reports of one message on either side of a delivery",
    events: [soft("1", 1), delivered("2", 2), returned("1", 3), hard("5", 0)],
    reasons: [["hard", 0]],
    softCount: 1,
  },
];

async function expectOutcome(address: string, { reasons, softCount }: History): Promise<void> {
  const { verdict } = await expectAgreement(address, POLICY);
  expect(verdict.suppressions.map(({ reason, since }) => [reason, since])).toEqual(
    reasons.map(([reason, minute]) => [reason, atMinute(minute)]),
  );
  expect(verdict.softCount).toBe(softCount);
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

describe("Order does not matter", () => {
  it.each(HISTORIES)("holds for every order of $name", async (history) => {
    const round = newRound(undefined, RAW_POLICY);
    const orders = permutations(history.events.map((send, i) => ({ send, i })));
    const recipients = orders.map((order) => round.address(order.map(({ i }) => i).join("")));
    // As many as a provider may have under way at once; each recipient's events one by one.
    await Promise.all(
      orders.map(async (order, n) => {
        for (const { send } of order) await send(recipients[n] ?? "", round);
      }),
    );
    await settle(testEnv(RAW_POLICY));
    for (const recipient of recipients) await expectOutcome(recipient, history);
    await expectStatistics(round.domain);
  });

  it("holds for what occurs in the same moment: the same event stands for it", async () => {
    const round = newRound(undefined, RAW_POLICY);
    const [first, second, third] = [hard("1", 1), hard("2", 1), hard("3", 1)];
    const orders = permutations([first, second, third]);
    for (const [n, order] of orders.entries())
      for (const send of order) await send(round.address(`at-once-${n}`), round);
    await settle(testEnv(RAW_POLICY));
    for (const n of orders.keys()) {
      const { events, verdict } = await expectAgreement(round.address(`at-once-${n}`), POLICY);
      const [last] = events.map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1));
      expect(verdict.suppressions.map(({ eventId }) => eventId)).toEqual([last]);
    }
  });

  it("holds backwards and with the last event repeated, whichever step fails", async () => {
    const history = HISTORIES[1] as History;
    const steps = await everyFault({
      env: RAW_POLICY,
      play: async (round) => {
        const backwards = history.events.toReversed();
        for (const send of [...backwards, ...history.events.slice(-1)]) await send(round.address("ann"), round);
      },
      check: async ({ address, domain }) => {
        await settle(testEnv(RAW_POLICY));
        await expectOutcome(address("ann"), history);
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it("holds for any grouping of the same events in requests", async () => {
    const round = newRound(undefined, RAW_POLICY);
    const about = (recipient: string, message: string, minute: number) => ({
      recipient,
      message,
      at: atMinute(minute),
    });
    const history = HISTORIES[0] as History;
    const splits = [[4], [1, 3], [2, 2], [3, 1], [1, 1, 2], [2, 1, 1], [1, 2, 1], [1, 1, 1, 1]];
    for (const [n, sizes] of splits.entries()) {
      const recipient = round.address(`split-${n}`);
      const records = [
        remoteBounce("soft", about(recipient, "2", 4)),
        bounce("soft", about(recipient, "1", 1)),
        delivery(about(recipient, "2", 2)),
        bounce("soft", about(recipient, "3", 3)),
      ];
      for (const size of sizes) await deliver("powermta", records.splice(0, size), round.env);
    }
    await settle(testEnv(RAW_POLICY));
    for (const n of splits.keys()) await expectOutcome(round.address(`split-${n}`), history);
  });
});
