/** Whole lists, out and in: the export, an import, and its undoing. */
import { setTimeout } from "node:timers/promises";
import { Problem } from "../project.mjs";
import { expectEqual, streamOf } from "./steps.mjs";

const NEWLINE = 10;
/** So many recipients are decided about by one run of the cron or fewer; more rounds mean that nothing moves. */
const MAX_ROUNDS = 2_000;
/**
 * The cron runs once a minute. The simulator keeps the files of an object open until it has been idle for ten seconds, and
 * a process may only have so many.
 */
const IDLE_OBJECT_CLOSES_MS = 12_000;

export async function exportAll(service, { recipients }) {
  const response = await service.fetch("/v1/suppressions/export?format=ndjson");
  let rows = 0;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    for (const byte of chunk) if (byte === NEWLINE) rows++;
  }
  if (rows < recipients) throw new Problem(`${rows} rows came, of ${recipients}`);
  return `${rows} rows, ${(bytes / 1e6).toFixed(1)} MB`;
}

/** Addresses that nobody has heard of. */
const importedName = (i) => `imported-${i}@lists.example.com`;

export async function importList(service, { imported }) {
  const lineOf = (i) => `${importedName(i)},hard,2026-01-01T00:00:00Z\r\n`;
  const response = await service.fetch("/v1/suppressions/import?note=measured", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: streamOf(imported, lineOf, "email,reason,created\r\n"),
    duplex: "half",
  });
  const answer = await response.json();
  expectEqual("new", answer.new, imported);
  batchId = answer.batchId;
  return `${answer.rows} rows, ${answer.new} new, ${answer.pending} of them to be applied by the cron`;
}

let batchId;

export async function applyImport(service) {
  const rounds = await untilSettled(service, async () => (await batch(service)).pending === 0);
  await expectSuppressed(service, true);
  return `applied in ${rounds} runs of the cron`;
}

export async function undoImport(service) {
  await service.fetch(`/v1/batches/${batchId}/revert`, { method: "POST" });
  const rounds = await untilSettled(service, async () => {
    const { status, pending } = await batch(service);
    return status === "reverted" && pending === 0;
  });
  await expectSuppressed(service, false);
  return `undone in ${rounds} runs of the cron`;
}

async function batch(service) {
  if (batchId === undefined) throw new Problem("Run the step import first.");
  return (await service.fetch(`/v1/batches/${batchId}`)).json();
}

async function untilSettled(service, isSettled) {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (await isSettled()) return round;
    await service.cron();
    await setTimeout(IDLE_OBJECT_CLOSES_MS);
  }
  throw new Problem(`not settled after ${MAX_ROUNDS} runs of the cron`);
}

async function expectSuppressed(service, expected) {
  const recipients = Array.from({ length: 1_000 }, (_, i) => importedName(i));
  const { suppressed } = await (await service.post("/v1/check", { recipients })).json();
  expectEqual("suppressed of those imported", suppressed.length, expected ? recipients.length : 0);
}
