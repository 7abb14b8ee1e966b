/** A round of `npm run test:chaos`, so that every change meets it; and what arrives of a list that cannot be completed. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { seedFromEnv } from "../chaos/random";
import { ChaosRuntime, SECRETS } from "../chaos/runtime";
import { Ordeal } from "../chaos/survive";

const ROUNDS = 1;
const SEED = seedFromEnv();

const runtime = new ChaosRuntime();
afterAll(() => runtime.dispose());

test(`what was acknowledged survives a SIGKILL under load, and every store agrees (SEED=${SEED})`, async () => {
  const ordeal = new Ordeal(runtime, SEED);
  await ordeal.start();
  for (let round = 0; round < ROUNDS; round++) await ordeal.round();
  expect(ordeal.kills).toBeGreaterThanOrEqual(ROUNDS);
  expect(ordeal.senders.acknowledged.size).toBeGreaterThan(0);
});

/** On the wire: whether the runtime breaks a transfer off or ends it as usual is its own affair. */
test("half a list never arrives as a whole one", async () => {
  if (runtime.url === "") await runtime.start();
  // Of names that hardly shrink, so that much has arrived before it turns out that the rest is missing.
  const names = Array.from({ length: 20_000 }, () => `${randomBytes(10).toString("hex")}@example.com`);
  const packed = gzipSync(`email\n${names.join("\n")}\n`);
  const scrubbed = async (body: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(`${runtime.url}/v1/scrub`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${SECRETS.CHECK_TOKENS}`,
        "content-type": "text/csv",
        "content-encoding": "gzip",
      },
      body,
    });
    expect(response.status).toBe(200);
    return response.text().catch(() => "broken off");
  };
  expect((await scrubbed(packed)).split("\n")).toHaveLength(names.length + 2);
  const part = await scrubbed(packed.subarray(0, packed.length / 2));
  expect(part).toMatch(/^broken off$|\n"unfinished: [^"\n]*$/);
});
