/** Is a local port free? Asked before the worker is started, whose own complaint would be hard to read. */
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const LOOPBACKS = ["127.0.0.1", "::1"];
/** The runtime of a start script that was just killed needs a moment to follow it. */
const PATIENCE_MS = 2_000;

/** @returns {Promise<"free" | "taken" | "forbidden">} */
export async function portState(port, patienceMs = PATIENCE_MS) {
  for (const end = Date.now() + patienceMs; ; await sleep(100)) {
    const states = await Promise.all(LOOPBACKS.map((host) => stateOn(host, port)));
    if (states.includes("forbidden")) return "forbidden";
    if (!states.includes("taken")) return "free";
    if (Date.now() >= end) return "taken";
  }
}

async function stateOn(host, port) {
  // Somebody who listens on all addresses does not always keep others from one of them.
  if (await somebodyListens(host, port)) return "taken";
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }) => {
      resolve(code === "EADDRINUSE" ? "taken" : code === "EACCES" ? "forbidden" : "free");
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

function somebodyListens(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const answer = (listens) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
