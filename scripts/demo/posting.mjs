/** The story as requests, the requests as answers, the answers as sums. */
import { Problem } from "../project.mjs";
import { UNHEARD_OF } from "./outcomes.mjs";

const PARALLEL = 4;
/** Every so many requests one is delivered a second time, as after an answer that got lost. */
const RETRY_EVERY = 9;
const TIMEOUT_MS = 30_000;
const ZERO = { requests: 0, records: 0, new: 0, duplicate: 0, ignored: 0, quarantined: 0 };

/** @returns requests in order of time */
export function requestsOf(happened, senders) {
  const requests = senders.flatMap((sender) => {
    const told = happened.filter((event) => event.provider === sender.provider && sender.tells(event));
    const records = told.flatMap((event) => sender.recordsOf(event).map((record) => ({ record, event })));
    const batches = [];
    for (let i = 0; i < records.length; i += sender.batchSize) batches.push(records.slice(i, i + sender.batchSize));
    return batches.map((batch) => requestOf(sender, batch));
  });
  return requests.sort((a, b) => a.at - b.at);
}

function requestOf(sender, batch) {
  return {
    sender,
    at: batch.at(-1).event.at,
    records: batch.length,
    body: sender.body(batch.map(({ record }) => record)),
    /** Must end up in quarantine. */
    unheardOf: batch.filter(({ event }) => event.kind === UNHEARD_OF.kind).length,
  };
}

export function retriesOf(requests) {
  return requests.filter((_, index) => index % RETRY_EVERY === 0);
}

/**
 * Posts requests, some at a time.
 *
 * @param {string} url of the worker
 * @param {(done: number, provider: string) => void} onProgress
 * @returns sums by provider
 */
export async function postAll(url, requests, onProgress) {
  const sums = new Map();
  const waiting = requests[Symbol.iterator]();
  let done = 0;
  const work = async () => {
    for (const request of waiting) {
      const counts = await post(url, request);
      const { provider } = request.sender;
      const sum = sums.get(provider) ?? { ...ZERO };
      for (const name of Object.keys(ZERO)) sum[name] += counts[name] ?? 0;
      sums.set(provider, sum);
      onProgress(++done, provider);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return sums;
}

async function post(url, request) {
  const { sender, records } = request;
  const { target, init } = signed(url, request);
  const response = await fetch(target, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error) => {
    throw new Problem(`${sender.method} ${sender.path} failed: ${error.cause?.message ?? error.message}`);
  });
  const text = await response.text();
  const answer = response.status === 200 ? parse(text) : undefined;
  const isExpected = sender.isSilent ? answer?.data === true : accountsForAll(answer, request);
  if (!isExpected) {
    throw new Problem(`${sender.method} ${sender.path} answered unexpectedly: ${response.status} ${text}`);
  }
  return { ...answer, requests: 1, records };
}

/** Signed anew for each attempt: some proofs are of the moment. */
function signed(url, { sender, body: unsigned, at }) {
  const target = new URL(sender.path, url);
  const { headers = {}, query = {}, body = unsigned } = sender.sign({ body: unsigned, url: target.href, at });
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  if (sender.method === "GET") {
    for (const [name, value] of new URLSearchParams(body)) target.searchParams.append(name, value);
    return { target, init: { method: "GET", headers } };
  }
  return { target, init: { method: sender.method, headers: { ...headers, "content-type": sender.contentType }, body } };
}

/** Every record is an event or known and unwanted; in quarantine is only what belongs there, and nothing vanishes. */
function accountsForAll(answer, { records, unheardOf }) {
  if (!answer) return false;
  return (
    answer.received + answer.ignored + answer.quarantined === records &&
    answer.new + answer.duplicate === answer.received &&
    answer.quarantined === unheardOf
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
