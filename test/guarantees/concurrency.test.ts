/**
 * Many requests at once.
 *
 * However many requests about one recipient run at the same time, each of its messages counts once and the threshold is
 * reached by exactly the bounce that completes it.
 *
 * Not promised: which of the requests sees the suppression first.
 */
import { describe, expect, it } from "vitest";
import { expectAgreement, expectStatistics, policyOf } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { deliver, newRound } from "../support/rounds";
import { MINUTE_MS, START_MS, setStage, settle } from "../support/stage";
import { testEnv } from "../support/worker";

setStage();

const at = START_MS - 10 * MINUTE_MS;

/** In an order that has nothing to do with the messages'. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value, i) => ({ value, rank: (i * 7_919) % 1_009 }))
    .sort((a, b) => a.rank - b.rank)
    .map((x) => x.value);
}

describe("Many requests at once", () => {
  it("count exactly the distinct messages of 600 bounces, each message reported three times", async () => {
    const env = { POLICY: { soft_threshold: 1_000 } };
    const round = newRound(undefined, env);
    const recipient = round.address("ann");
    const records = Array.from({ length: 600 }, (_, i) =>
      bounce("soft", { recipient, message: `${i % 200}`, at: at + (i % 200) * 1_000 }),
    );
    const answers = await Promise.all(shuffled(records).map((record) => deliver("inboxroad", [record], round.env)));
    expect(answers.reduce((sum, counts) => sum + counts.new, 0)).toBe(200);
    await settle(testEnv(env));
    const { events, verdict } = await expectAgreement(recipient, policyOf(env.POLICY));
    expect(events).toHaveLength(200);
    expect(verdict).toMatchObject({ softCount: 200, suppressions: [] });
    await expectStatistics(round.domain);
  });

  it("suppress with the fifth of five bounces, and not with the fourth of four", async () => {
    const { address, env } = newRound();
    for (const [name, count] of [
      ["four", 4],
      ["five", 5],
    ] as const) {
      const recipient = address(name);
      const records = Array.from({ length: count }, (_, i) =>
        bounce("soft", { recipient, message: `${i}`, at: at + i * 1_000 }),
      );
      await Promise.all(shuffled(records).map((record) => deliver("inboxroad", [record], env)));
      await settle();
      const { verdict, events } = await expectAgreement(recipient);
      expect(verdict.softCount).toBe(count);
      const fifth = events.find((event) => event.internet_message_id === "4@news.example.com");
      const suppressions = fifth ? [{ reason: "soft", since: at + 4_000, until: null, eventId: fifth.id }] : [];
      expect(verdict.suppressions).toEqual(suppressions);
    }
  });

  it("take back exactly what bounced before the delivery that runs with them", async () => {
    const { address, env } = newRound();
    const recipients = Array.from({ length: 8 }, (_, i) => address(`r${i}`));
    const requests = recipients.flatMap((recipient) => [
      ...["1", "2", "3", "4"].map((message) =>
        bounce("soft", { recipient, message, at: at + Number(message) * 1_000 }),
      ),
      delivery({ recipient, message: "5", at: at + 2_500 }),
    ]);
    await Promise.all(shuffled(requests).map((record) => deliver("inboxroad", [record], env)));
    await settle();
    for (const recipient of recipients) expect((await expectAgreement(recipient)).verdict.softCount).toBe(2);
  });

  it("of several recipients in each request apply every one of them", async () => {
    const round = newRound();
    const recipients = Array.from({ length: 60 }, (_, i) => round.address(`r${i}`));
    const requests = ["1", "2", "3"].map((message) =>
      recipients.map((recipient) => bounce("soft", { recipient, message, at })),
    );
    await Promise.all([...requests, ...requests].map((records) => deliver("inboxroad", records, round.env)));
    await settle();
    for (const recipient of recipients) expect((await expectAgreement(recipient)).verdict.softCount).toBe(3);
    await expectStatistics(round.domain);
  });
});
