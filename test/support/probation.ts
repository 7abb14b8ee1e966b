/** Soft suppressions on probation: how recipients get there, and what they are asked. */
import { expect } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { edgeKey } from "../../src/store/edge-cache";
import { bounced, delivered, report, softBounces } from "./reports";
import { DAY_MS, pass } from "./stage";
import { api, bindings, jsonOf, testEnv } from "./worker";

export const POLICY = { probation: { enabled: true, steps_days: [1, 3, 7, 30], wait_hours: 24 } };
export const withProbation = (more: object = {}) => testEnv({ POLICY, ...more });

let made = 0;
export const someone = () => `probation-${++made}@example.com`;

interface Checked {
  readonly suppressed: boolean;
  readonly reasons: readonly string[];
  readonly until: string | null;
  readonly source: string;
  readonly probe?: true;
}

/** As somebody who is about to send asks. */
export async function check(recipient: string, query = "", env = withProbation()): Promise<Checked> {
  const response = await api(`/v1/check?recipient=${encodeURIComponent(recipient)}${query}`, { env });
  expect(response.status).toBe(200);
  return jsonOf(response);
}

export const SUPPRESSED = { suppressed: true, reasons: ["soft"] };
export const PROBE = { suppressed: false, reasons: [], since: null, until: null, probe: true };

/** Asserts that a recipient is suppressed, and that nobody is given a probe. */
export async function expectWaiting(recipient: string, query = "", env = withProbation()): Promise<Checked> {
  const answer = await check(recipient, query, env);
  expect(answer).toMatchObject(SUPPRESSED);
  expect(answer).not.toHaveProperty("probe");
  return answer;
}

/** Suppressed just now; its probe may be made in a day. @returns epoch ms of that */
export async function suppress(recipient: string): Promise<number> {
  const bounces = softBounces(recipient, 5, Date.now() - 4_000);
  await report(bounces, withProbation());
  return Date.now() + DAY_MS;
}

/** Suppressed, and from now on a probe may be made. */
export async function onProbation(recipient = someone()): Promise<string> {
  await suppress(recipient);
  pass(DAY_MS);
  return recipient;
}

/** What operators see of a recipient. */
export const viewOf = async (recipient: string) => jsonOf(await api(`/v1/recipients/${recipient}`));
/** The suppressed ones of a bulk check of one recipient. */
export const bulkOf = async (recipient: string) =>
  (await jsonOf(await api("/v1/check", { json: { recipients: [recipient] }, env: withProbation() }))).suppressed;
/** Reports what became of the message that was sent just now. */
export const outcome = (kind: "delivered" | "soft" | "hard" | "block", recipient: string) =>
  report(
    kind === "delivered" ? delivered(recipient, Date.now()) : bounced(recipient, kind, Date.now()),
    withProbation(),
  );

/** The edge cache's entry, as it is kept. */
export async function edgeText(recipient: string): Promise<string> {
  return (await bindings.SUPPRESSIONS.get(edgeKey(await sha256Hex(recipient)))) ?? "";
}

/** The edge cache as another place still has it for up to a minute. */
export async function staleEdge(recipient: string, text: string): Promise<void> {
  await bindings.SUPPRESSIONS.put(edgeKey(await sha256Hex(recipient)), text);
}
