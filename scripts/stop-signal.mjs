/**
 * When is a script to stop? On a signal, and when the package manager that runs it is gone: `npm start` that is told
 * to stop by its process manager ends itself and its shell, but passes nothing on.
 */
import { ancestorsOf } from "./processes.mjs";

const LOOK_EVERY_MS = 500;
/** Names itself so, or is a script that Node runs; the shell between it and us has the script's command line. */
const PACKAGE_MANAGER = /^(?!\S*sh\b).*\b(npm|pnpm|yarn|bun)\b/;

/** Resolves once. Later signals are heard and ignored: under npm, Ctrl-C arrives more than once. */
export function untilToldToStop() {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, resolve);
    if (!process.env.npm_lifecycle_event) return;
    const parent = process.ppid;
    // Our parent is the shell that npm starts for a script; npm is the one above.
    const manager = ancestorsOf(process.pid).find(({ command }) => PACKAGE_MANAGER.test(command))?.pid ?? parent;
    const timer = setInterval(() => {
      if (process.ppid === parent && isAlive(manager)) return;
      clearInterval(timer);
      resolve();
    }, LOOK_EVERY_MS);
    timer.unref();
  });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
