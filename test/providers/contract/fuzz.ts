/**
 * Bodies that no provider sends, made of those that it does send: whatever comes in, nothing is thrown, every event has
 * its recipient, and the same bytes are the same events.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { NormalizedEvent } from "../../../src/domain/event";
import { normalize } from "../../../src/pipeline/normalize";
import { markVerified, type VerifiedRequest } from "../../../src/providers/adapter";
import { BODY_MUTATION, manyOf } from "../../fuzz/mutate";
import { FUZZ_TIMEOUT_MS, holds } from "../../fuzz/runs";
import { draftsOf, type Fixture, type Payload } from "../fixtures";
import { type AdapterContract, NOW, replaceBody, verifyWith } from "./setup";

const RUNS = 40;
const LATER_MS = 5 * 60_000;
const MANY_EVENTS = 10_000;

export function describeFuzz(contract: AdapterContract, fixtures: readonly Fixture[]): void {
  it(
    "survives whatever becomes of its bodies (fuzz)",
    async () => {
      let seen = 0;
      const property = fc.asyncProperty(
        fc.constantFrom(...fixtures),
        fc.array(BODY_MUTATION, { minLength: 1, maxLength: 2 }),
        async (fixture, mutations) => {
          const body = mutations.reduce((bytes, mutate) => mutate(bytes), fixture.body);
          const request = await requestOf(contract, fixture, { ...fixture, body });
          const [events, again] = [
            await eventsOf(contract, request, NOW),
            await eventsOf(contract, request, NOW + LATER_MS),
          ];
          expect(again.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
          for (const event of events) expectSound(event);
          seen += events.length;
        },
      );
      const runs = await holds(property, RUNS);
      if (runs >= RUNS) expect(seen, "bodies that still say something").toBeGreaterThan(0);
    },
    FUZZ_TIMEOUT_MS,
  );

  it("reads ten thousand records in one body (fuzz)", async () => {
    const [fixture] = fixtures;
    if (!fixture) throw new Error("there are no fixtures");
    const request = await requestOf(contract, fixture, { ...fixture, body: manyOf(fixture.body) });
    expect((await eventsOf(contract, request, NOW)).length).toBeLessThanOrEqual(MANY_EVENTS);
  });
}

/** As the provider would send it, or else with its bytes in the place of others. */
async function requestOf(
  { senders: [sender], withBody = replaceBody, ...contract }: AdapterContract,
  fixture: Fixture,
  payload: Payload,
): Promise<VerifiedRequest> {
  const sent = async () => sender.sign(payload, NOW);
  const request = await sent().catch(async () => withBody(await sender.sign(fixture, NOW), payload.body));
  const verified = await verifyWith(contract, [sender], request, NOW);
  return verified.ok ? verified.value.request : markVerified(request);
}

async function eventsOf(
  { adapter }: AdapterContract,
  request: VerifiedRequest,
  receivedAt: number,
): Promise<readonly NormalizedEvent[]> {
  const drafts = draftsOf(adapter.parse(request, { receivedAt }));
  const events = await normalize(drafts, { provider: adapter.id, connection: "default", receivedAt });
  return events.flatMap((event) => (event.ok ? [event.value] : []));
}

function expectSound(event: NormalizedEvent): void {
  expect(event.address).toMatch(/.@./s);
  expect(event.id).toMatch(/^[0-9a-f]{40}$/);
  expect(event.class !== undefined).toBe(event.kind === "bounced");
  expect(Number.isSafeInteger(event.occurredAt) && event.occurredAt <= event.receivedAt).toBe(true);
  const text = JSON.stringify(event);
  // Neither is anything that D1 would keep as it is.
  expect(text.includes("\\u0000") || /\\ud[89a-f][0-9a-f]{2}/i.test(text), text).toBe(false);
  for (const value of Object.values(event)) {
    if (typeof value === "string") expect(value.length).toBeLessThanOrEqual(4_000);
  }
}
