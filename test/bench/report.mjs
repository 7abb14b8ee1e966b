/** The figures: on the terminal as they come, and in docs/performance.md between its marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { ROOT } from "../../scripts/project.mjs";
import { ratio } from "./measure.mjs";
import { costOf, PRICES, totalOf } from "./prices.mjs";

const FILE = path.join(ROOT, "docs/performance.md");
const BEGIN = "<!-- figures -->";
const END = "<!-- /figures -->";

const perSecond = (round) => round.perSecond;
const cpuMs = (round) => round.cpuMs;
const seconds = (round) => 1 / round.perSecond;

/** Ratios: above 1 is more than the floor. */
function ratiosOf({ product, floor }) {
  return {
    throughput: ratio(product, floor, perSecond),
    time: ratio(product, floor, seconds),
    cpu: ratio(product, floor, cpuMs),
  };
}

export function printCase(compared) {
  const { title, product, floor } = compared;
  const { throughput, time, cpu } = ratiosOf(compared);
  const side = ({ perSecond: rate, p50, p99, cpuMs: used }) =>
    `${figure(rate)}/s, p50 ${figure(p50)} ms, p99 ${figure(p99)} ms, ${figure(used)} ms CPU`;
  console.log(`\n${title}\n    product  ${side(product)}\n    floor    ${side(floor)} (${floor.title})`);
  console.log(`    throughput × ${times(throughput)}, time × ${times(time)}, CPU × ${times(cpu)}`);
}

export function printStatements({ title, roundTrips, statements, rowsRead, rowsWritten, ...rest }) {
  const { kvReads, kvWrites, objectCalls } = rest;
  console.log(`\n${title}: ${rowsWritten} rows written, ${rowsRead} read, ${roundTrips} round trips`);
  console.log(`    ${kvReads} reads and ${kvWrites} writes of KV, ${objectCalls} calls of objects`);
  const byText = new Map();
  for (const statement of statements) {
    const sql = statement.sql.replace(/\s+/g, " ").trim();
    byText.set(sql, [...(byText.get(sql) ?? []), statement]);
  }
  for (const [sql, group] of byText) {
    const sum = (what) => group.reduce((total, statement) => total + statement[what], 0);
    console.log(`    ${sum("written")} written, ${sum("read")} read, × ${group.length}: ${sql.slice(0, 90)}`);
  }
}

export function writeReport(results) {
  const text = readFileSync(FILE, "utf8");
  const [head, rest] = [text.slice(0, text.indexOf(BEGIN)), text.slice(text.indexOf(END))];
  writeFileSync(FILE, `${head}${BEGIN}\n\n${sections(results).join("\n\n")}\n\n${rest}`);
  console.log(`\nWritten to ${path.relative(ROOT, FILE)}`);
}

function sections({ compared, counted, growth, rounds, build }) {
  const date = new Date().toISOString().slice(0, 10);
  const where = `Measured on ${date}: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${rounds} rounds after a warm-up.`;
  return [
    where,
    startUp(build),
    "### Against the floors",
    comparison(compared),
    "### Operations",
    operations(counted),
    "### What a million cost",
    prices(compared, counted),
    "### As the journal grows",
    growthOf(growth),
  ];
}

function startUp({ gzipBytes, evaluationMs, startMs }) {
  return `The bundle has ${figure(gzipBytes / 1_000)} KB compressed. Its modules are evaluated in ${figure(evaluationMs)} ms; up to
the first answer a worker takes ${figure(startMs)} ms of CPU more than an empty one.`;
}

function comparison(compared) {
  const rows = compared.map((one) => {
    const { throughput, time, cpu } = ratiosOf(one);
    const { product, floor } = one;
    return [
      one.title,
      floor.title,
      ...[product.perSecond, product.p50, product.p99, product.cpuMs].map(figure),
      figure(floor.perSecond),
      ...[throughput, time, cpu].map((value) => `**${times(value)}**`),
    ];
  });
  return table(
    [
      ...["request", "floor", "a second", "p50 ms", "p99 ms", "CPU ms", "floor, a second"],
      ...["throughput ÷ floor", "time ÷ floor", "CPU ÷ floor"],
    ],
    rows,
  );
}

function operations(counted) {
  const rows = counted.map((one) => [
    one.title,
    ...[one.roundTrips, one.statements.length, one.rowsRead, one.rowsWritten].map(figure),
    figure(one.rowsWritten / (one.units ?? 1)),
    ...[one.kvReads, one.kvWrites, one.objectCalls].map(figure),
  ]);
  return table(
    [
      ...["request", "D1 round trips", "statements", "rows read", "rows written", "written for each"],
      ...["KV reads", "KV writes", "object calls"],
    ],
    rows,
  );
}

/** By what it is for: one thing's amount, and the dollars of a million. */
const PRICED = [
  ...["request", "cpuMs", "rowRead", "rowWritten", "kvRead", "kvWrite", "objectCall", "objectDuration", "objectRow"],
];
const WORDS = {
  ...{ request: "requests", cpuMs: "CPU ms", rowRead: "rows read", rowWritten: "rows written" },
  ...{ kvRead: "KV keys read", kvWrite: "KV writes", objectCall: "object calls" },
  ...{ objectDuration: "object awake for 10 ms", objectRow: "object rows written" },
};

function prices(compared, counted) {
  const rows = counted.flatMap((one) => {
    const measured = compared.find(({ name }) => name === one.name);
    if (!measured) return [];
    const costs = costOf(one, measured.product.cpuMs, one.units);
    const sums = costs
      .filter(({ each }) => each > 0)
      .map(({ what, each, perMillion }) => {
        const price = PRICES[what] * 1e6;
        return `${figure(each)} ${WORDS[what]} × ${figure(price)} = ${figure(perMillion)}`;
      });
    return [[one.units ? `${one.title}, for each` : one.title, sums.join("; "), dollars(totalOf(costs))]];
  });
  const list = PRICED.map((what) => `${WORDS[what]} ${figure(PRICES[what] * 1e6)}`).join(", ");
  return `${table(["a million of", "arithmetic", "US dollars"], rows)}\n\nPrices of a million, in US dollars: ${list}.`;
}

function growthOf(growth) {
  const rows = growth.map(({ title, size, cpuMs: used, p50, rowsRead, rowsWritten }) => [
    ...[title, size.toLocaleString("en-US")],
    ...[used, p50, rowsRead, rowsWritten].map(figure),
  ]);
  const head = ["request", "events stored", "CPU ms an event", "p50 ms an event", "rows read an event", "rows written"];
  return table(head, rows);
}

function table(head, rows) {
  const rule = head.map((_, i) => (i ? "---:" : "---"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const dollars = (value) => `**${value < 0.01 ? "under 0.01" : value.toFixed(2)}**`;
const times = (value) => value.toFixed(2);

/** Three figures that count, thousands set apart. */
function figure(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return `${Number(value.toPrecision(3))}`;
}
