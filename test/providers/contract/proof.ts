import { expect, it } from "vitest";
import { utf8Bytes } from "../../../src/crypto/encoding";
import { fail } from "../../../src/domain/result";
import type { LookupError, WebhookRequest } from "../../../src/providers/adapter";
import type { Fixture } from "../fixtures";
import type { Sender } from "../senders";
import { type AdapterContract, NOW, payloadIn, replaceBody, verifyWith } from "./setup";

const SECOND_MS = 1000;

/** Values that are nobody's signature, token or time. */
const GARBAGE = [
  "",
  " ",
  "=",
  '"',
  ",,,",
  "0",
  "null",
  "Basic",
  "Basic Og==",
  "Bearer",
  "x".repeat(5000),
  'a="'.repeat(2000),
];

/** Nothing that is not genuine gets in, and nothing genuine is kept out. */
export function describeProof(contract: AdapterContract, fixtures: readonly Fixture[]): void {
  const { senders, withBody = replaceBody } = contract;
  const [current, previous] = senders;
  const payload = payloadIn(fixtures);
  const verify = (request: WebhookRequest, senders: readonly Sender[] = [current], now = NOW) =>
    verifyWith(contract, senders, request, now);
  const expectRefused = async (request: WebhookRequest, senders?: readonly Sender[], now?: number) => {
    const outcome = await verify(request, senders, now);
    expect(outcome.ok ? "accepted" : outcome.error.code).toBe("unauthenticated");
  };

  it("accepts the old and the new credential during a rotation", async () => {
    for (const sender of [current, previous]) {
      for (const senders of [
        [current, previous],
        [previous, current],
      ]) {
        const request = await sender.sign(payload(), NOW);
        const outcome = await verify(request, senders);
        expect(outcome.ok && outcome.value.request.body).toEqual(request.body);
      }
    }
  });

  it("refuses a credential that is not configured, and everything where none is", async () => {
    await expectRefused(await previous.sign(payload(), NOW));
    await expectRefused(await current.sign(payload(), NOW), []);
  });

  it("refuses credentials that are none, without repeating them", () => {
    for (const raw of ["", {}, { "top-secret": "top-secret" }]) {
      const credential = contract.adapter.readCredential(raw);
      expect(credential.ok).toBe(false);
      expect(JSON.stringify(credential)).not.toContain("top-secret");
    }
    // To most of them any text is a secret.
    const text = contract.adapter.readCredential("top-secret");
    expect(text.ok ? "" : text.error).not.toContain("top-secret");
  });

  it.each(contract.proofs)("refuses a request whose $name is missing, empty or garbled", async ({ replace }) => {
    const request = await current.sign(payload(), NOW);
    for (const value of [null, ...GARBAGE]) await expectRefused(replace(request, value));
  });

  if (contract.tamper)
    it("refuses a body that was changed on the way", async () => {
      for (const fixture of fixtures) {
        const request = await current.sign(fixture, NOW);
        for (const body of changed(request.body, contract.tamper)) await expectRefused(withBody(request, body));
      }
    });

  it.each(Object.entries(contract.forgeries ?? {}))("refuses %s", async (_what, forge) => {
    await expectRefused(await forge(payload(), NOW));
  });

  if (contract.window)
    it("accepts a request within the window around now and none outside it", async () => {
      const { pastMs, futureMs } = contract.window ?? { pastMs: 0, futureMs: 0 };
      for (const at of [NOW - pastMs, NOW + futureMs]) {
        expect((await verify(await current.sign(payload(), at))).ok).toBe(true);
      }
      for (const at of [NOW - pastMs - SECOND_MS, NOW + futureMs + SECOND_MS]) {
        await expectRefused(await current.sign(payload(), at));
      }
    });

  if (contract.lookups)
    it("tells a key that does not exist from one that cannot be reached", async () => {
      const codes: [LookupError, string][] = [
        ["absent", "unauthenticated"],
        ["unavailable", "unavailable"],
      ];
      for (const [error, code] of codes) {
        const lookup = async () => fail(error);
        const outcome = await verifyWith(
          { ...contract, lookups: { getText: lookup, getTxt: lookup } },
          [current],
          await current.sign(payload(), NOW),
          NOW,
        );
        expect(outcome.ok ? "accepted" : outcome.error.code).toBe(code);
      }
    });
}

function changed(body: Uint8Array, tamper: AdapterContract["tamper"]): Uint8Array[] {
  if (typeof tamper === "function") return [tamper(body)];
  const flipped = [0, body.length >> 1, body.length - 1].map((at) => body.with(at, (body[at] ?? 0) ^ 1));
  return [...flipped, body.slice(0, -1), utf8Bytes(`${new TextDecoder().decode(body)} `)];
}
