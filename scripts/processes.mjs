/**
 * The processes of this machine, as far as needed to leave none of ours behind: a runtime whose parent was killed
 * lives on, keeps the port and the database, and has to be found again.
 *
 * Linux: read from /proc (slim containers have no `ps`). Elsewhere: `ps`. Windows: nothing is listed.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** @returns {Map<number, { parent: number, command: string }>} */
function processTable() {
  if (process.platform === "linux") return linuxTable();
  return process.platform === "win32" ? new Map() : psTable();
}

function linuxTable() {
  const table = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      // The second field is the name in parentheses and may hold anything, also spaces and parentheses.
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      // A process without a command line has ended and waits for its parent, or is the kernel's.
      if (command) table.set(Number(name), { parent: Number(parent), command });
    } catch {
      // It ended while we read.
    }
  }
  return table;
}

function psTable() {
  const table = new Map();
  for (const line of execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" }).split("\n")) {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.+)$/.exec(line) ?? [];
    if (pid) table.set(Number(pid), { parent: Number(parent), command });
  }
  return table;
}

/** All descendants of a process, with their command lines: a number alone may be somebody else's tomorrow. */
export function descendantsOf(pid) {
  const table = processTable();
  const found = [];
  for (const queue = [pid]; queue.length; ) {
    const parent = queue.shift();
    for (const [child, entry] of table) {
      if (entry.parent !== parent) continue;
      found.push({ pid: child, command: entry.command });
      queue.push(child);
    }
  }
  return found;
}

/** Parent and grandparent. */
export function ancestorsOf(pid) {
  const table = processTable();
  const parent = table.get(pid)?.parent;
  const grandparent = table.get(parent)?.parent;
  return [parent, grandparent].flatMap((id) => (table.has(id) ? [{ pid: id, command: table.get(id).command }] : []));
}

/** A process as it can be remembered. */
export function rememberable(pid) {
  return { pid, command: processTable().get(pid)?.command ?? "" };
}

/** Those of the remembered processes that still run. */
export function stillRunning(remembered) {
  const table = processTable();
  return remembered.filter(({ pid, command }) => table.get(pid)?.command === command);
}

/** Ends remembered processes at once, and waits until they are gone. */
export async function killAll(remembered) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const running = stillRunning(remembered);
    if (!running.length) return;
    for (const { pid } of running) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It was faster.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
