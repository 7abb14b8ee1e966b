/** Lists whose end cannot be read: what has arrived by then never looks like a whole list, whatever the transport says. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { CsvParser } from "../../src/csv/reader";
import { EXPORT_PAGE } from "../../src/http/export-stream";
import worker from "../../src/index";
import { withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { ADMIN, api, ORIGIN, testEnv } from "../support/worker";

setStage();

const ROWS = 12_000;
const NAMES = Array.from({ length: ROWS }, (_, i) => `user-${i}@example.com`);
const RECORDED = 2 * EXPORT_PAGE + 7;

/** More than a page of what costs no object. */
beforeAll(async () => {
  const events = NAMES.slice(0, RECORDED).map((recipient) => ({ kind: "deferred", recipient }));
  expect((await api("/v1/events", { json: events })).status).toBe(200);
});

interface Arrived {
  readonly text: string;
  readonly hasErred: boolean;
}

/** What comes of an answer, until it ends or errs; the database fails from its n-th operation on. */
async function arrived(path: string, failsFrom: number, body: string): Promise<Arrived> {
  const faults = withFaults(({ store }, index) => (store === "db" && index >= failsFrom ? "before" : null));
  const init = body === "" ? { headers: ADMIN } : { method: "POST", headers: ADMIN, body };
  const request = new Request(`${ORIGIN}${path}`, init);
  const response = await worker.fetch(request, testEnv(faults.bindings), createExecutionContext());
  expect(response.status).toBe(200);
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
    return { text, hasErred: false };
  } catch {
    return { text, hasErred: true };
  }
}

/** Does a reader of the format find the text complete? */
const IS_COMPLETE: Readonly<Record<string, (text: string) => boolean>> = {
  csv: (text) => {
    const parser = new CsvParser({ delimiter: ",", maxRecordLength: 1_000 });
    const records = [...parser.push(text), ...parser.end()];
    return records.every(({ problem, fields }) => problem === null && fields.length === records[0]?.fields.length);
  },
  ndjson: (text) =>
    text
      .split("\n")
      .filter(Boolean)
      .every((line) => isJson(line)),
  lines: (text) =>
    text
      .split("\n")
      .filter(Boolean)
      .every((line) => /^\S+@\S+$/.test(line)),
};

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}

const CSV = `name,email\n${NAMES.map((address) => `x,${address}`).join("\n")}`;
const NDJSON = NAMES.map((email) => JSON.stringify({ email })).join("\n");

describe("a list", () => {
  it.each([
    ["csv", "/v1/events/export?format=csv", ""],
    ["ndjson", "/v1/events/export?format=ndjson", ""],
    ["csv", "/v1/scrub?format=csv&keep=all", CSV],
    ["ndjson", "/v1/scrub?format=ndjson", NDJSON],
    ["lines", "/v1/scrub?format=lines", NAMES.join("\n")],
  ])("as %s of %s ends in the middle of a row where it cannot be completed", async (format, path, body) => {
    const isComplete = IS_COMPLETE[format] as (text: string) => boolean;
    const whole = await arrived(path, Number.POSITIVE_INFINITY, body);
    expect(whole.hasErred).toBe(false);
    expect(isComplete(whole.text)).toBe(true);
    const part = await arrived(path, 1, body);
    expect(part.hasErred).toBe(true);
    expect(part.text.length).toBeGreaterThan(10_000);
    expect(part.text).not.toMatch(/\n$/);
    expect(part.text.split("\n").at(-1)).toContain("unfinished");
    expect(isComplete(part.text)).toBe(false);
    // What came before is of the list.
    expect(whole.text.startsWith(part.text.slice(0, part.text.lastIndexOf("\n") + 1))).toBe(true);
  });
});
