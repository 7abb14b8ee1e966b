/** Talking to the worker that `npm start` runs: is it there, is it well, run its cron. */
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "./project.mjs";

const PROBE_TIMEOUT_MS = 5_000;
/** Who answers that something is wrong will hardly say otherwise later. */
const UNWELL_TIMEOUT_MS = 15_000;
/** A cron run may drain a long queue. The next one is not started before it ended. */
const CRON_TIMEOUT_MS = 10 * 60_000;
/** As in wrangler.toml: the worker is told which of its crons fired. */
const CRON = "* * * * *";

const DEFAULT_PORT = 8787;

/** The port from the environment. */
export function portFromEnv() {
  const text = process.env.PORT ?? "";
  const port = text === "" ? DEFAULT_PORT : Number(text);
  if (/^\d*$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Problem(`PORT must be a number from 1 to 65535, not "${text}". Example: PORT=8788 npm start`);
}

export const urlOf = (port) => `http://localhost:${port}`;

/** @returns {Promise<{ status: number, body: string } | undefined>} `undefined`: nobody answered */
export async function health(port, timeoutMs = PROBE_TIMEOUT_MS) {
  try {
    const response = await fetch(`${urlOf(port)}/health`, { signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, body: await response.text() };
  } catch {
    return undefined;
  }
}

/**
 * Waits until the worker says that it is well.
 *
 * @param {{ port: number, timeoutMs: number, signal: AbortSignal, onFirstAnswer?: () => void }} options
 * @returns {Promise<boolean>} `false`: aborted
 */
export async function waitUntilHealthy({ port, timeoutMs, signal, onFirstAnswer }) {
  let end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end && !signal.aborted) {
    const answer = await health(port);
    if (answer?.status === 200) return true;
    if (answer && !last) {
      onFirstAnswer?.();
      end = Math.min(end, Date.now() + UNWELL_TIMEOUT_MS);
    }
    last = answer ?? last;
    await sleep(100);
  }
  if (signal.aborted) return false;
  throw new Problem(
    last
      ? `The worker is up but not well. GET /health answers ${last.status}:\n${last.body}`
      : `The worker did not answer on ${urlOf(port)} within ${Math.round(timeoutMs / 1000)} s.`,
  );
}

/** Calls the scheduled handler as the platform would. @returns {Promise<string | undefined>} what went wrong */
export async function fireCron(port) {
  const query = new URLSearchParams({ cron: CRON, time: `${Date.now()}` });
  try {
    const response = await fetch(`${urlOf(port)}/cdn-cgi/handler/scheduled?${query}`, {
      signal: AbortSignal.timeout(CRON_TIMEOUT_MS),
    });
    const text = await response.text();
    return response.ok ? undefined : `it answered ${response.status}: ${text.split("\n")[0]}`;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}
