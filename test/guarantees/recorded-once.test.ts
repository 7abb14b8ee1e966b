import { expect, it } from "vitest";
import { expectAgreement, expectStatistics } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { deliver, everyFault } from "../support/rounds";
import { MINUTE_MS, START_MS, setStage, settle } from "../support/stage";

setStage();

it("probe", async () => {
  const steps = await everyFault({
    play: async ({ address, env }) => {
      const recipient = address("ann");
      const a = bounce("soft", { recipient, message: "1", at: START_MS - 5 * MINUTE_MS });
      const b = bounce("hard", { recipient, message: "2", at: START_MS - 4 * MINUTE_MS });
      const c = delivery({ recipient, message: "3", at: START_MS - 3 * MINUTE_MS });
      await deliver("inboxroad", [a, b], env);
      await deliver("inboxroad", [c], env);
      await deliver("inboxroad", [c, a], env);
    },
    check: async ({ address, domain }) => {
      await settle();
      const { events } = await expectAgreement(address("ann"));
      expect(events).toHaveLength(3);
      await expectStatistics(domain);
    },
  });
  expect(steps).toBe(0);
});
