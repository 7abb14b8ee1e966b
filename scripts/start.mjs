/**
 * `npm start`: the whole service on this machine, offline and without an account.
 *
 * Applies the migrations to the local database, makes development secrets if there are none, runs the worker with
 * persistent storage, calls its cron every minute as the platform would, and restarts it if it dies.
 *
 * Environment:
 *   PORT                    where to listen (8787)
 *   BOUNCEKEEPER_STATE      directory of the local data (.wrangler/state)
 *   BOUNCEKEEPER_DEV_VARS   file with the secrets (.dev.vars)
 */
import path from "node:path";
import { DevLock } from "./dev-lock.mjs";
import { devVarsFile, ensureDevVars } from "./dev-vars.mjs";
import { portFromEnv } from "./local-worker.mjs";
import { portState } from "./port.mjs";
import { Problem, ROOT, run } from "./project.mjs";
import { untilToldToStop } from "./stop-signal.mjs";
import { Supervisor } from "./supervisor.mjs";
import { welcome } from "./welcome.mjs";
import { runWrangler } from "./wrangler.mjs";

/** The first with everything that these scripts use. */
const OLDEST_NODE = "20.12.0";

await run(async () => {
  const stopped = untilToldToStop();
  requireNode();
  const port = portFromEnv();
  const state = path.resolve(ROOT, process.env.BOUNCEKEEPER_STATE || ".wrangler/state");
  const lock = new DevLock(state, port);
  await lock.acquire();
  try {
    await requireFreePort(port);
    const secretsFile = devVarsFile();
    const secrets = ensureDevVars(secretsFile);
    console.log("Preparing the local database …");
    await migrate(state);

    console.log("Starting the worker …");
    // Wrangler finds .dev.vars by itself. Another file has to be named, and then `$` in it is expanded.
    const envFile = secretsFile === path.join(ROOT, ".dev.vars") ? undefined : secretsFile;
    const supervisor = new Supervisor({ port, state, envFile }, lock, (line) => console.log(line));
    try {
      const started = supervisor.start().then((isWell) => {
        if (!isWell) return;
        console.log(welcome({ port, state, secretsFile, ...secrets }));
        supervisor.watch();
      });
      started.catch(() => {});
      await Promise.race([stopped, started.then(() => Promise.race([stopped, supervisor.failed]))]);
    } finally {
      console.log("\nStopping …");
      await supervisor.stop();
    }
    console.log("Stopped. The data is kept.");
  } finally {
    lock.release();
  }
});
// A pending cron call or timer of the worker that is gone is nothing to wait for.
process.exit();

function requireNode() {
  const { node } = process.versions;
  if (node.localeCompare(OLDEST_NODE, "en", { numeric: true }) < 0) {
    throw new Problem(`Bouncekeeper needs Node ${OLDEST_NODE} or newer; this is Node ${node}.`);
  }
}

async function requireFreePort(port) {
  const answer = await portState(port);
  if (answer === "taken") {
    throw new Problem(
      `Port ${port} is taken by another program. Stop that program, or choose another port:\n  PORT=${port === 65_535 ? 8788 : port + 1} npm start`,
    );
  }
  if (answer === "forbidden") {
    throw new Problem(`This user may not listen on port ${port}. Choose one above 1023:\n  PORT=8787 npm start`);
  }
}

async function migrate(state) {
  const { code, stdout, stderr } = await runWrangler([
    "d1",
    "migrations",
    "apply",
    "DB",
    "--local",
    "--persist-to",
    state,
  ]);
  if (code !== 0) throw new Problem(`The migrations could not be applied to the local database:\n${stdout}${stderr}`);
}
