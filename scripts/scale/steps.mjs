/** What is measured, step by step. A step says what it found, and fails where that is wrong. */
import { Problem } from "../project.mjs";
import { measureFilter } from "./filter.mjs";
import { applyImport, exportAll, importList, undoImport } from "./lists.mjs";
import { strangerName, suppressedName } from "./seed.mjs";

const CHECKED = 10_000;
const PAGES = 20;
const PAGE = 1_000;

/**
 * By name. `run` gets the service and the sizes, and returns what it found, in words.
 *
 * @type {Readonly<Record<string, { title: string, run: (service: import("./service.mjs").Service, sizes: { recipients: number, lines: number, imported: number }) => Promise<string> }>>}
 */
export const STEPS = {
  check: { title: `check ${CHECKED} addresses`, run: checkMany },
  list: { title: `page through ${PAGES * PAGE} suppressions`, run: pageThrough },
  changes: { title: `follow ${PAGES * PAGE} changes`, run: follow },
  scrub: { title: "scrub a CSV", run: scrub },
  filter: { title: "build, load and ask the filter", run: measureFilter },
  export: { title: "export the list as NDJSON", run: exportAll },
  import: { title: "import a list", run: importList },
  apply: { title: "apply what was imported", run: applyImport },
  undo: { title: "undo the import", run: undoImport },
};

async function checkMany(service, { recipients }) {
  const asked = Array.from({ length: CHECKED }, (_, i) =>
    i % 2 ? strangerName(i) : suppressedName((i * 97) % recipients),
  );
  const answer = await (await service.post("/v1/check", { recipients: asked })).json();
  expectEqual("suppressed", answer.suppressed.length, CHECKED / 2);
  return `${answer.checked} checked, ${answer.suppressed.length} suppressed`;
}

async function pageThrough(service) {
  return `${await followPages(service, "/v1/suppressions")} listed`;
}

async function follow(service) {
  return `${await followPages(service, "/v1/suppressions/changes")} changes`;
}

async function followPages(service, path) {
  let seen = 0;
  let cursor;
  for (let page = 0; page < PAGES; page++) {
    const query = new URLSearchParams({ limit: `${PAGE}`, ...(cursor === undefined ? {} : { cursor }) });
    const { items, nextCursor } = await (await service.fetch(`${path}?${query}`)).json();
    seen += items.length;
    cursor = nextCursor;
    if (items.length < PAGE) break;
  }
  return seen;
}

/** Every tenth line is on the list, every thousandth holds no address. */
async function scrub(service, { recipients, lines }) {
  const lineOf = (i) => {
    const address = i % 1_000 === 1 ? "nobody" : i % 10 === 0 ? suppressedName((i * 7) % recipients) : strangerName(i);
    return `${i},"Doe, John",${address},2026-01-01,Springfield\r\n`;
  };
  const response = await service.fetch("/v1/scrub?column=email", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: streamOf(lines, lineOf, "id,name,email,since,city\r\n"),
    duplex: "half",
  });
  let rows = -1;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    for (const byte of chunk) if (byte === 10) rows++;
  }
  const report = await (await service.fetch(response.headers.get("x-scrub-report"))).json();
  expectEqual("rows", report.rows, lines);
  expectEqual("suppressed", report.suppressed, Math.ceil(lines / 10));
  expectEqual("invalid", report.invalid, Math.ceil((lines - 1) / 1_000));
  expectEqual("rows that came back", rows, report.allowed);
  return `${report.rows} rows: ${report.allowed} allowed (${(bytes / 1e6).toFixed(1)} MB), ${report.suppressed} suppressed, ${report.invalid} invalid`;
}

/** A body of so many lines, made as it is read. */
export function streamOf(lines, lineOf, head) {
  const encoder = new TextEncoder();
  const LINES_PER_CHUNK = 500;
  let next = 0;
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(head)),
    pull: (controller) => {
      if (next >= lines) return controller.close();
      const length = Math.min(LINES_PER_CHUNK, lines - next);
      controller.enqueue(encoder.encode(Array.from({ length }, (_, i) => lineOf(next + i)).join("")));
      next += length;
    },
  });
}

export function expectEqual(what, actual, expected) {
  if (actual !== expected) throw new Problem(`${what}: ${actual}, and not ${expected}`);
}
