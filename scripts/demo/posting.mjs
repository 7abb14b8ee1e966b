/** The story as requests, the requests as answers, the answers as sums. */
import { Problem } from "../project.mjs";

const PARALLEL = 4;
/** Every so many requests one is delivered a second time, as after an answer that got lost. */
const RETRY_EVERY = 9;
const TIMEOUT_MS = 30_000;
const ZERO = { requests: 0, records: 0, new: 0, duplicate: 0, ignored: 0, quarantined: 0 };

/** @returns requests in order of time */
export function requestsOf(happened, senders) {
  const requests = senders.flatMap((sender) => {
    const told = happened.filter((event) => event.provider === sender.provider && sender.tells(event));
    const records = told.flatMap((event) => sender.records(event).map((text) => ({ text, at: event.at })));
    const batches = [];
    for (let i = 0; i < records.length; i += sender.batchSize) batches.push(records.slice(i, i + sender.batchSize));
    return batches.map((batch) => ({
      sender,
      at: batch.at(-1).at,
      records: batch.length,
      body: sender.join(batch.map(({ text }) => text)),
    }));
  });
  return requests.sort((a, b) => a.at - b.at);
}

export function retriesOf(requests) {
  return requests.filter((_, index) => index % RETRY_EVERY === 0);
}

/**
 * Posts requests, some at a time.
 *
 * @param {string} url of the worker
 * @param {(done: number) => void} onProgress
 * @returns sums by provider
 */
export async function postAll(url, requests, onProgress) {
  const sums = new Map();
  const waiting = requests[Symbol.iterator]();
  let done = 0;
  const work = async () => {
    for (const request of waiting) {
      const counts = await post(url, request);
      const sum = sums.get(request.sender.provider) ?? { ...ZERO };
      for (const name of Object.keys(ZERO)) sum[name] += counts[name] ?? 0;
      sums.set(request.sender.provider, sum);
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return sums;
}

async function post(url, { sender, body, records }) {
  const response = await fetch(url + sender.path, {
    method: "POST",
    headers: { ...sender.headers, "content-type": sender.contentType },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error) => {
    throw new Problem(`POST ${sender.path} failed: ${error.cause?.message ?? error.message}`);
  });
  const text = await response.text();
  const answer = response.status === 200 ? parse(text) : undefined;
  const isExpected = sender.isSilent ? answer?.data === true : accountsForAll(answer, records);
  if (!isExpected) throw new Problem(`POST ${sender.path} answered unexpectedly: ${response.status} ${text}`);
  return { ...answer, requests: 1, records };
}

/** Every record is an event, known and unwanted, or in quarantine: none may vanish. */
function accountsForAll(answer, records) {
  if (!answer) return false;
  return (
    answer.received + answer.ignored + answer.quarantined === records &&
    answer.new + answer.duplicate === answer.received
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
