/**
 * `npm run demo`: a believable hour of traffic from every provider that can be played on this machine, each signed as
 * that provider signs, posted at the worker that `npm start` runs.
 *
 * About 400 people at example.com, .net and .org; most mail is delivered. Every ninth request is posted twice. A
 * second run within the same ten minutes repeats the same hour and must therefore add nothing; later runs add an hour.
 * Before the hour come some weeks of history, so that the dashboard has something to show.
 *
 * Environment:
 *   SEED                    other people, other mishaps (1)
 *   DAYS                    days of history before the hour (30); 0: none
 *   PORT                    where the worker listens (8787)
 *   BOUNCEKEEPER_DEV_VARS   file with the secrets (.dev.vars)
 */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { historians, tellHistory } from "./demo/history.mjs";
import { postAll, requestsOf, retriesOf } from "./demo/posting.mjs";
import { NOT_PLAYED, SENDERS } from "./demo/senders.mjs";
import { FATES, hourEnding, tellHour } from "./demo/story.mjs";
import { devVarsFile, firstCredential, readDevVars, readPrivateKeys } from "./dev-vars.mjs";
import { health, portFromEnv, urlOf } from "./local-worker.mjs";
import { Problem, run, shown } from "./project.mjs";

const SETTLE_MS = 5_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 365;
/** What is counted of each provider: first what was sent, then what the worker made of it. */
const SENT = ["requests", "records"];
const COUNTS = [...SENT, "new", "duplicate", "ignored", "quarantined"];

await run(async () => {
  const url = urlOf(portFromEnv());
  await requireWorker(url);
  const { admin, senders } = signedIn();
  printSenders(senders);

  const seed = process.env.SEED || "1";
  await postHistory(url, { seed, senders: historians(senders) });
  const happened = tellHour({ seed, end: hourEnding(Date.now()), senders: SENDERS });
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

async function postHistory(url, { seed, senders }) {
  const days = daysFromEnv();
  if (!days || !senders.length) return;
  const requests = requestsOf(tellHistory({ seed, now: Date.now(), days, senders }), senders);
  const sums = await postAll(url, requests, progress(`Posting ${days} days of history`, requests.length));
  console.log(`${sum(sums, "records")} messages of the days before, ${sum(sums, "new")} of them new.\n`);
}

function daysFromEnv() {
  const text = process.env.DAYS ?? "";
  const days = text === "" ? DEFAULT_DAYS : Number(text);
  if (/^\d*$/.test(text) && days <= MAX_DAYS) return days;
  throw new Problem(`DAYS must be a number from 0 to ${MAX_DAYS}, not "${text}".`);
}

async function requireWorker(url) {
  const answer = await health(new URL(url).port);
  if (answer?.status === 200) return;
  throw new Problem(
    answer
      ? `The worker on ${url} is not well. GET /health answers ${answer.status}:\n${answer.body}`
      : `No worker answers on ${url}. Start it in another terminal with "npm start", or say where it is: PORT=8788 npm run demo`,
  );
}

/** Every sender that has a secret, with what signs its requests. */
function signedIn() {
  const file = devVarsFile();
  const vars = existsSync(file) ? readDevVars(file) : {};
  const admin = firstCredential(vars.ADMIN_TOKENS);
  if (admin === undefined)
    throw new Problem(`${shown(file)} has no ADMIN_TOKENS, which the demo needs to look at the results.`);
  const privateKeys = readPrivateKeys(file);
  const all = SENDERS.map((sender) => {
    const credential = firstCredential(vars[sender.secret]);
    return { ...sender, sign: credential === undefined ? undefined : sender.proof.signer(credential, privateKeys) };
  });
  const mute = all.filter(({ sign }) => !sign).map(({ provider }) => provider);
  if (mute.length)
    console.log(
      `Left out, as ${shown(file)} has no secret for them that the demo can sign with: ${mute.join(", ")}. To get them all, move that file away and run "npm start" again: it makes a new one.`,
    );
  return { admin, senders: all.filter(({ sign }) => sign) };
}

function printSenders(senders) {
  const unplayed = Object.entries(NOT_PLAYED).map(([provider, why]) => `${provider} (${why})`);
  console.log(
    `Playing ${senders.length} senders: ${senders
      .map(({ provider }) => provider)
      .sort()
      .join(", ")}.`,
  );
  console.log(`Not played: ${unplayed.join("; ")}.\n`);
}

function progress(title, total) {
  return (done, provider) => {
    const isLast = done === total;
    const line = `${title}: ${done} of ${total} requests`;
    // Padded, so that a long name leaves nothing behind.
    if (process.stdout.isTTY)
      process.stdout.write(`\r${isLast ? line.padEnd(70) : `${line}, ${provider}`.padEnd(70)}${isLast ? "\n" : ""}`);
    else if (isLast) console.log(`${title}: ${total} requests`);
  };
}

function sum(sums, name) {
  return [...sums.values()].reduce((total, counts) => total + counts[name], 0);
}

function printSums(first, again) {
  const row = ([title, ...cells]) =>
    console.log(`  ${title.padEnd(18)}${cells.map((cell) => `${cell}`.padStart(12)).join("")}`);
  const isSilent = (provider) => SENDERS.some((sender) => sender.provider === provider && sender.isSilent);
  console.log("");
  row(["", ...COUNTS]);
  for (const [provider, counts] of [...first].sort()) {
    row([provider, ...COUNTS.map((name) => (isSilent(provider) && !SENT.includes(name) ? "-" : counts[name]))]);
  }
  for (const [title, sums] of Object.entries({ "all of it": first, "posted again": again })) {
    row([title, ...COUNTS.map((name) => sum(sums, name))]);
  }
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
  const played = senders.map(({ provider }) => provider);
  const known = FATES.filter((fate) => fate.reason && fate.providers.every((provider) => played.includes(provider)));
  for (const { recipient, reason, suppressed, told } of known) {
    const path = `/v1/check?consistency=strong&recipient=${encodeURIComponent(recipient)}`;
    let answer = await get(url, admin, path);
    // Decisions follow the record within moments; only a slow machine needs more than one look.
    for (const end = Date.now() + SETTLE_MS; answer.reasons.includes(reason) !== suppressed && Date.now() < end; ) {
      await sleep(200);
      answer = await get(url, admin, path);
    }
    const verdict = answer.suppressed ? `suppressed (${answer.reasons.join(", ")})` : "may be mailed";
    console.log(`  ${recipient.padEnd(28)}${verdict.padEnd(26)}${told}`);
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
      `All of it, to look at: ${url}/dashboard (sign in with ${admin})`,
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
