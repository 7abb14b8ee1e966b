/**
 * What is measured against its floor. `count` requests a round, `concurrency` of them at a time; `units` is how many
 * things one request is about, for prices. Of what takes little time many are needed: a round of half a second says little.
 */
export const CASES = [
  { name: "checkHit", title: "check, suppressed (KV hit)", floor: "a: one KV read", count: 6_000, concurrency: 16 },
  {
    name: "checkMiss",
    title: "check, not suppressed (KV miss)",
    floor: "a: one KV read",
    count: 6_000,
    concurrency: 16,
  },
  {
    name: "checkBoth",
    title: "the first again",
    floor: "one KV read of the same two keys",
    count: 6_000,
    concurrency: 16,
  },
  { name: "checkAndNothing", title: "the first again", floor: "c: an empty worker", count: 6_000, concurrency: 16 },
  { name: "checkStrong", title: "check, strong", floor: "one D1 read", count: 3_000, concurrency: 8 },
  { name: "checkBulk", title: "check of 1,000", floor: "parse, one D1 read", count: 30, concurrency: 2, units: 1_000 },
  {
    name: "inboxroad",
    title: "one Inboxroad delivery",
    floor: "b: verify, parse, one insert",
    count: 3_000,
    concurrency: 8,
  },
  {
    ...{ name: "sendgrid", title: "signed SendGrid batch of 1,000, 98 % delivered" },
    ...{ floor: "b: verify, parse, one insert", count: 30, concurrency: 1, units: 1_000 },
  },
  {
    ...{ name: "deliveries", title: "signed SendGrid batch of 1,000 deliveries" },
    ...{ floor: "b: verify, parse, one insert", count: 30, concurrency: 1, units: 1_000 },
  },
  {
    ...{ name: "softBounces", title: "signed batch of 1,000 soft bounces of 1,000 recipients" },
    ...{ floor: "b: verify, parse, one insert", count: 1, concurrency: 1, units: 1_000 },
  },
  { name: "dsn", title: "raw DSN", floor: "b: parse, one insert", count: 500, concurrency: 4 },
  {
    ...{ name: "export", title: "export of 100,000 suppressions as CSV" },
    ...{ floor: "read and write the same rows", count: 1, concurrency: 1, units: 100_000 },
  },
];

/** So many addresses, each at a domain of its own, are asked for in turns. */
const CHECKED = 200;

/** Requests whose operations are counted: those above, and these. `before`: requests that make it what it is. */
export const COUNTED = [
  { name: "checkHit", title: "check, of a domain that nobody asked for lately" },
  ...CASES.filter(({ name }) => name !== "checkAndNothing" && name !== "checkBoth").map((one) =>
    one.name === "checkHit" || one.name === "checkMiss" ? { ...one, before: CHECKED } : one,
  ),
  { name: "deliveries100", title: "100 deliveries", units: 100 },
  { name: "oneSoft", title: "one soft bounce" },
  { name: "fifthSoft", title: "the soft bounce that suppresses", before: 4 },
  { name: "oneHard", title: "one hard bounce" },
  { name: "hard100", title: "100 hard bounces of 100 recipients", units: 100 },
];
