/** The Chromium that is on this machine: Debian's, or the one that `CHROMIUM` names. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

function place(): string | undefined {
  return PLACES.find((path) => path !== undefined && path !== "" && existsSync(path));
}

/** Why there can be no test in a browser; `null`: there can. */
export function whyNoChromium(): string | null {
  return place() === undefined ? 'There is no Chromium: "apt-get install chromium", or name one in CHROMIUM' : null;
}

export async function launch(): Promise<Browser> {
  const executablePath = place();
  if (executablePath === undefined) throw new Error(whyNoChromium() ?? "");
  // Containers run as root, and have little shared memory.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
