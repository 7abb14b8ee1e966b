/**
 * What every adapter must do, whatever its provider. A provider's own test says how its requests are signed and where
 * the proof sits; the fixtures say what is to be read.
 */
import { describe, expect, it } from "vitest";
import { adapterOf } from "../../src/providers/registry";
import { describeFuzz } from "./contract/fuzz";
import { describeHostility } from "./contract/hostility";
import { describeProof } from "./contract/proof";
import { type AdapterContract, NOW, verifyWith } from "./contract/setup";
import { draftsOf, expectOutcome, type Fixture, fixturesOf, type Payload } from "./fixtures";

const LATER_MS = 5 * 60_000;

export function describeAdapter(contract: AdapterContract): void {
  const { adapter } = contract;
  describe(`the adapter of ${adapter.title}`, async () => {
    const fixtures = await fixturesOf(adapter.id, contract.textType ?? "text/plain");
    it("is registered under its name and cites its manual", () => {
      expect(adapterOf(adapter.id)).toBe(adapter);
      expect(adapter.manual).toMatch(/^https:\/\//);
      expect(adapter.verifiedBy).not.toBe("");
    });
    describeReading(contract, fixtures);
    if (!contract.isTrusted) describeProof(contract, fixtures);
    describeHostility(contract, fixtures);
    describeFuzz(contract, fixtures);
  });
}

function describeReading(
  { adapter, senders: [sender], ...contract }: AdapterContract,
  fixtures: readonly Fixture[],
): void {
  const read = async (payload: Payload, at = NOW) => {
    const outcome = await verifyWith({ adapter, ...contract }, [sender], await sender.sign(payload, at), at);
    if (!outcome.ok) throw new Error(`refused: ${outcome.error.detail}`);
    return adapter.parse(outcome.value.request, { receivedAt: at });
  };

  it.each(fixtures)("reads $name", async (fixture) => expectOutcome(await read(fixture), fixture.expected));

  it("keeps a kind that it does not know, or says what is wrong with it, instead of failing", async () => {
    const unknown = fixtures.filter(({ name }) => name.startsWith("unknown-kind"));
    expect(unknown, "a fixture named unknown-kind").not.toEqual([]);
    for (const fixture of unknown) {
      const outcome = await read(fixture);
      expect(draftsOf(outcome)).toEqual([]);
      const reasons = outcome.type === "items" ? outcome.items : [outcome];
      for (const { type } of reasons) expect(["unreadable", "refused"]).toContain(type);
    }
  });

  it("gives an event that is delivered again the same identity", async () => {
    for (const fixture of fixtures) {
      const [first, again] = [await read(fixture), await read(fixture, NOW + LATER_MS)];
      expect(draftsOf(again).map((d) => d.identity)).toEqual(draftsOf(first).map((d) => d.identity));
    }
  });

  it("gives different events different identities", async () => {
    const drafts = (await Promise.all(fixtures.map((fixture) => read(fixture)))).flatMap(draftsOf);
    const identities = drafts.map((d) => JSON.stringify([d.kind, d.recipient, ...d.identity]));
    expect(identities.filter((identity, i) => identities.indexOf(identity) !== i)).toEqual([]);
    expect(drafts.filter((d) => d.identity.every((part) => part === undefined))).toEqual([]);
  });
}
