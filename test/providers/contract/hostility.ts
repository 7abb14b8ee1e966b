import { expect, it } from "vitest";
import { utf8Bytes } from "../../../src/crypto/encoding";
import { markVerified, type WebhookRequest } from "../../../src/providers/adapter";
import { draftsOf, type Fixture } from "../fixtures";
import { type AdapterContract, NOW, payloadIn, replaceBody, verifyWith } from "./setup";

/** A record is cut off at so many places, spread evenly. */
const MAX_CUTS = 300;

const HOSTILE_BODIES: Readonly<Record<string, string | Uint8Array>> = {
  "an empty body": "",
  "white space": " \r\n\t",
  null: "null",
  "a number": "42",
  "a text": '"text"',
  "an empty array": "[]",
  "an empty object": "{}",
  "an array of what is no record": '[null,1,"a",[],{},true]',
  "a kind by the name of what every object has": JSON.stringify({
    ...Object.fromEntries(
      ["type", "event", "event_type", "RecordType", "status", "state"].map((key) => [key, "constructor"]),
    ),
    ...Object.fromEntries(
      ["recipient", "rcpt", "email", "Email", "to", "address"].map((key) => [key, "john@example.com"]),
    ),
  }),
  "keys of the prototype": '{"type":"__proto__","event":"constructor","__proto__":{"type":"toString"}}',
  "values of the wrong type": '{"type":{"a":1},"event":["x"],"recipient":7,"rcpt":{},"email":[],"id":null}',
  "brackets without end": "[".repeat(200_000),
  "objects without end": '{"a":'.repeat(100_000),
  "a form without names": "=&=&&%&=%ff",
  "a form of percent signs": "%".repeat(10_000),
  "bytes that are no UTF-8": Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d),
  "NUL bytes": new Uint8Array(64),
};

/** Nothing that anybody can post makes an adapter throw, or makes it see an event where there is none. */
export function describeHostility(contract: AdapterContract, fixtures: readonly Fixture[]): void {
  const {
    adapter,
    senders: [sender],
    withBody = replaceBody,
  } = contract;
  const parse = (request: WebhookRequest) => draftsOf(adapter.parse(markVerified(request), { receivedAt: NOW }));

  it.each(Object.entries(HOSTILE_BODIES))("survives %s and makes no event of it", async (_what, hostile) => {
    const body = typeof hostile === "string" ? utf8Bytes(hostile) : hostile;
    for (const contentType of ["application/json", "application/x-www-form-urlencoded", "", "multipart/form-data"]) {
      const request = await sender.sign({ body: payloadIn(fixtures)().body, contentType }, NOW);
      expect(parse(withBody(request, body))).toEqual([]);
      await expect(verifyWith(contract, [sender], withBody(request, body), NOW)).resolves.toBeDefined();
    }
  });

  it("makes no event of a record that was cut off", async () => {
    for (const fixture of fixtures) {
      const request = await sender.sign(fixture, NOW);
      const whole = parse(request).map((draft) => JSON.stringify(draft));
      for (const end of cutsOf(request.body.length)) {
        const drafts = parse(withBody(request, request.body.slice(0, end))).map((draft) => JSON.stringify(draft));
        // Nothing in a form says where it ends: there the signature is all that can tell.
        if (/form-urlencoded/.test(request.headers.get("content-type") ?? "")) continue;
        expect(
          drafts.filter((draft) => !whole.includes(draft)),
          `cut off at ${end}`,
        ).toEqual([]);
      }
    }
  });
}

function cutsOf(length: number): number[] {
  const step = Math.max(1, Math.floor(length / MAX_CUTS));
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}
