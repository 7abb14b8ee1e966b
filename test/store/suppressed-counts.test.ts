import { expect, it } from "vitest";
import { suppressedCounts } from "../../src/store/suppressions";
import { pass, setStage } from "../support/stage";
import { api, bindings } from "../support/worker";

setStage();

/** What is kept, and what counting anew gives. */
async function counts() {
  const { total, byReason } = await suppressedCounts(bindings.DB, 0, Date.now());
  const { results } = await bindings.DB.prepare(
    "SELECT suppressions->>'$[0].reason' AS reason, count(*) AS n FROM recipients WHERE suppressed = 1 GROUP BY 1",
  ).all<{ reason: string; n: number }>();
  expect(byReason).toEqual(Object.fromEntries(results.map(({ reason, n }) => [reason, n])));
  expect(total).toBe(results.reduce((sum, { n }) => sum + n, 0));
  return byReason;
}

const say = async (path: string, method: string, json?: unknown) => {
  pass(1_000);
  const response = await api(path, { method, ...(json === undefined ? {} : { json }) });
  expect(response.status, path).toBeLessThan(300);
};
const record = (...events: object[]) => say("/v1/events", "POST", events);

it("the counts of who is suppressed follow the list, whatever happens to it", async () => {
  const soft = (i: number) => ({ kind: "bounced", class: "soft", recipient: "soft@example.com", messageId: `m${i}` });
  await record(
    { kind: "bounced", class: "hard", recipient: "hard@example.com" },
    { kind: "complained", recipient: "complaint@example.com" },
    ...[1, 2, 3, 4, 5].map(soft),
  );
  expect(await counts()).toEqual({ hard: 1, complaint: 1, soft: 1 });
  // Another reason comes first now.
  await record({ kind: "bounced", class: "hard", recipient: "soft@example.com" });
  expect(await counts()).toEqual({ hard: 2, complaint: 1 });
  await say("/v1/suppressions/hard%40example.com", "DELETE");
  expect(await counts()).toEqual({ hard: 1, complaint: 1 });
  await say("/v1/suppressions/%40example.net", "PUT");
  await say("/v1/suppressions/hard%40example.com", "PUT");
  expect(await counts()).toEqual({ hard: 1, complaint: 1, manual: 2 });
  await say("/v1/allowlist/soft%40example.com", "PUT");
  expect(await counts()).toEqual({ complaint: 1, manual: 2 });
  await say("/v1/recipients/complaint%40example.com", "DELETE");
  expect(await counts()).toEqual({ manual: 2 });
  await say("/v1/recipients/hard%40example.com?keepSuppressed=true", "DELETE");
  expect(await counts()).toEqual({ manual: 2 });
  await say("/v1/rebuild", "POST", { recipient: "soft@example.com" });
  expect(await counts()).toEqual({ manual: 2 });
});
