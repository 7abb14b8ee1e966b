import { describe, expect, it } from "vitest";
import {
  decide,
  decided,
  deliverTo,
  guardedEnv,
  incidentAt,
  incidents,
  incidentsAt,
  MIN_RECIPIENTS,
  people,
  refuseAll,
  refused,
} from "../support/incidents";
import { expectAgreement } from "../support/ledger";
import { post, report } from "../support/reports";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, countOf, reasonsOf } from "../support/stores";
import { api, jsonOf, runCron } from "../support/worker";

setStage();

const env = guardedEnv();

let bursts = 0;

/** A receiver that refuses mail to good addresses: at first too few to notice, then in one request more. */
async function burst(more = 5) {
  const receiver = `burst-${++bursts}.example`;
  const first = people(MIN_RECIPIENTS - 1, receiver, "first");
  const then = people(more, receiver, "then");
  await deliverTo([...first, ...then]);
  await refuseAll(first, env);
  pass(MINUTE_MS);
  await refuseAll(then, env);
  return { receiver, first, then };
}

describe("a burst of the same cause", () => {
  it("is held from the request on that makes it one", async () => {
    const { receiver, first, then } = await burst();
    for (const recipient of first) expect(await reasonsOf(recipient)).toEqual(["hard"]);
    for (const recipient of then) expect(await reasonsOf(recipient)).toEqual([]);
    const incident = await incidentAt(receiver);
    expect(incident).toMatchObject({
      status: "open",
      connection: "api/default",
      receiver,
      held: 5,
      recipients: MIN_RECIPIENTS + 4,
      knownGood: MIN_RECIPIENTS + 4,
      endedAt: null,
    });
    expect(await jsonOf(await api(`/v1/incidents/${incident.id}`))).toMatchObject({
      id: incident.id,
      class: "hard",
      suppressedBefore: first.length,
      diagnosticCode: expect.stringContaining("block list"),
    });
  });
});
