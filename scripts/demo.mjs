/**
 * `npm run demo`: a believable hour of traffic from every provider, posted at the worker that `npm start` runs.
 *
 * About 400 people at example.com, .net and .org; most mail is delivered. Every ninth request is posted twice. A
 * second run within the same ten minutes repeats the same hour and must therefore add nothing; later runs add an hour.
 *
 * Environment:
 *   SEED                    other people, other mishaps (1)
 *   PORT                    where the worker listens (8787)
 *   BOUNCEKEEPER_DEV_VARS   file with the secrets (.dev.vars)
 */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { postAll, requestsOf, retriesOf } from "./demo/posting.mjs";
import { SENDERS } from "./demo/senders.mjs";
import { FATES, hourEnding, tellHour } from "./demo/story.mjs";
import { devVarsFile, firstCredential, readDevVars } from "./dev-vars.mjs";
import { health, portFromEnv, urlOf } from "./local-worker.mjs";
import { Problem, run, shown } from "./project.mjs";

const SETTLE_MS = 5_000;

await run(async () => {
  const url = urlOf(portFromEnv());
  await requireWorker(url);
  const { admin, senders } = signedIn();

  const happened = tellHour({ seed: process.env.SEED || "1", end: hourEnding(Date.now()), senders: SENDERS });
  const requests = requestsOf(happened, senders);
  const first = await postAll(url, requests, progress("Posting the hour", requests.length));
  const retries = retriesOf(requests);
  const again = await postAll(url, retries, progress("Posting some of it again", retries.length));
  printSums(first, again);

  const added = sum(first, "new");
  const isNew = added > 0;
  if (sum(again, "new") > 0) throw new Problem("A request that was posted again gave new events: that must not be.");
  if (!isNew) console.log("All of it had been posted before: nothing was added, as it should be.");
  await printSuppressed(url, admin, happened);
  await printFates(url, admin, { senders, isNew });
  printNextSteps(url, admin);
});
// Requests that are still under way after a failure are nothing to wait for.
process.exit();

async function requireWorker(url) {
  const answer = await health(new URL(url).port);
  if (answer?.status === 200) return;
  throw new Problem(
    answer
      ? `The worker on ${url} is not well. GET /health answers ${answer.status}:\n${answer.body}`
      : `No worker answers on ${url}. Start it in another terminal with "npm start", or say where it is: PORT=8788 npm run demo`,
  );
}

/** Every sender that has a secret, with its headers. */
function signedIn() {
  const file = devVarsFile();
  const vars = existsSync(file) ? readDevVars(file) : {};
  const admin = firstCredential(vars.ADMIN_TOKENS);
  if (admin === undefined)
    throw new Problem(`${shown(file)} has no ADMIN_TOKENS, which the demo needs to look at the results.`);
  const senders = SENDERS.flatMap((sender) => {
    const credential = firstCredential(vars[sender.secret]);
    if (credential !== undefined) return [{ ...sender, headers: sender.authorize(credential) }];
    console.log(`${sender.provider}: skipped, ${shown(file)} has no usable ${sender.secret}.`);
    return [];
  });
  return { admin, senders };
}

function progress(title, total) {
  return (done) => {
    const isLast = done === total;
    if (process.stdout.isTTY) process.stdout.write(`\r${title}: ${done} of ${total} requests${isLast ? "\n" : ""}`);
    else if (isLast) console.log(`${title}: ${total} requests`);
  };
}

function sum(sums, name) {
  return [...sums.values()].reduce((total, counts) => total + counts[name], 0);
}

function printSums(first, again) {
  const row = ([title, ...cells]) =>
    console.log(`  ${title.padEnd(12)}${cells.map((cell) => `${cell}`.padStart(12)).join("")}`);
  const rows = (sums) => {
    for (const [provider, { requests, records, ...counts }] of [...sums].sort()) {
      const isSilent = SENDERS.find((sender) => sender.provider === provider)?.isSilent;
      row([provider, requests, records, ...Object.values(counts).map((count) => (isSilent ? "-" : count))]);
    }
  };
  console.log("");
  row(["Posted", "requests", "records", "new", "duplicate", "ignored", "quarantined"]);
  rows(first);
  row(["Again"]);
  rows(again);
  console.log("  (listmonk's API answers without counts)\n");
}

async function get(url, admin, path, init = {}) {
  const response = await fetch(url + path, { ...init, headers: { authorization: `Bearer ${admin}`, ...init.headers } });
  const text = await response.text();
  if (response.status !== 200)
    throw new Problem(`${init.method ?? "GET"} ${path} answered unexpectedly: ${response.status} ${text}`);
  return JSON.parse(text);
}

async function printSuppressed(url, admin, happened) {
  const recipients = [...new Set(happened.map(({ recipient }) => recipient))];
  const answer = await get(url, admin, "/v1/check", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ recipients }),
  });
  const reasons = {};
  for (const reason of answer.suppressed.flatMap((item) => item.reasons)) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const detail = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  console.log(
    `Of ${recipients.length} recipients, ${answer.suppressed.length} may not be mailed any more (${detail.join(", ")}).\n`,
  );
}

/** The fates whose end is known. What has been decided by hand since is not held against the worker. */
async function printFates(url, admin, { senders, isNew }) {
  const known = FATES.filter((fate) => fate.reason && senders.some(({ provider }) => provider === fate.provider));
  for (const { recipient, reason, suppressed, told } of known) {
    const path = `/v1/check?consistency=strong&recipient=${encodeURIComponent(recipient)}`;
    let answer = await get(url, admin, path);
    // Decisions follow the record within moments; only a slow machine needs more than one look.
    for (const end = Date.now() + SETTLE_MS; answer.reasons.includes(reason) !== suppressed && Date.now() < end; ) {
      await sleep(200);
      answer = await get(url, admin, path);
    }
    const verdict = answer.suppressed ? `suppressed (${answer.reasons.join(", ")})` : "may be mailed";
    console.log(`  ${recipient.padEnd(26)}${verdict.padEnd(26)}${told}`);
    if (isNew && answer.reasons.includes(reason) !== suppressed) {
      throw new Problem(`${recipient}: expected ${suppressed ? "" : "not "}to be suppressed for "${reason}".`);
    }
  }
}

function printNextSteps(url, admin) {
  const curl = (path) => `  curl -H 'authorization: Bearer ${admin}' '${url}${path}'`;
  console.log(
    [
      "",
      "Who is suppressed:",
      curl("/v1/suppressions?limit=5"),
      "Why, with the evidence:",
      curl("/v1/recipients/fills.up%40example.net"),
      "The journal:",
      curl("/v1/events?recipient=came.back%40example.org"),
      "What could not be read, and is kept:",
      curl("/v1/quarantine"),
    ].join("\n"),
  );
}
