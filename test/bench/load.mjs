/** A process of its own that sends requests and tells how long each took: it shares no event loop with the runtime's owner. */
import { createPrivateKey } from "node:crypto";
import http from "node:http";
import { REQUESTS } from "./requests.mjs";

const NS_PER_MS = 1e6;

process.on("message", async (job) => {
  try {
    process.send({ ok: true, value: await run(job) });
  } catch (error) {
    process.send({ ok: false, error: String(error?.message ?? error) });
  }
});

/** @param {{ url: string, name: string, side: "product" | "floor", first: number, count: number, concurrency: number, privateKey: string }} job */
async function run({ url, name, side, first, count, concurrency, privateKey }) {
  const key = createPrivateKey(privateKey);
  const { hostname, port } = new URL(url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const prepared = Array.from({ length: count }, (_, i) => REQUESTS[name][side](first + i, key));
  const latencies = [];
  let next = 0;
  const sender = async () => {
    while (next < prepared.length) {
      const start = process.hrtime.bigint();
      await send({ hostname, port, agent }, prepared[next++]);
      latencies.push(Number(process.hrtime.bigint() - start) / NS_PER_MS);
    }
  };
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: concurrency }, sender));
  const elapsedMs = Number(process.hrtime.bigint() - start) / NS_PER_MS;
  agent.destroy();
  return { latencies, elapsedMs };
}

function send(to, { method = "GET", path, headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request({ ...to, method, path, headers: { ...headers, ...length } }, (response) => {
      const isFine = response.statusCode === 200;
      let text = "";
      // An answer is read to its end; only what is wrong is kept.
      response.on("data", (chunk) => {
        if (!isFine) text += chunk;
      });
      response.on("end", () => (isFine ? resolve() : reject(new Error(`${path}: ${response.statusCode} ${text}`))));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}
