/**
 * The secrets of local development: wrangler's file `.dev.vars`, made with random values where there is none.
 *
 * A file that is there is its owner's: it is read, never changed. What it lacks is said, not added.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import util from "node:util";
import { ROOT } from "./project.mjs";

const token = () => randomBytes(24).toString("base64url");

/** Name → how its development value is made. Another provider that `npm run demo` speaks for is one more line. */
const MADE = {
  ADMIN_TOKENS: token,
  CHECK_TOKENS: token,
  WEBHOOK_INBOXROAD: token,
  WEBHOOK_POWERMTA: token,
  WEBHOOK_SMTPETER: token,
  WEBHOOK_LISTMONK: () => `listmonk:${token()}`,
};

const HEADER = `# Secrets for local development only, made by "npm start". Not for production, not for git.
# Edit it as you like, or delete it to have new ones made; then start again.
`;

/** The secrets' file: `BOUNCEKEEPER_DEV_VARS`, or `.dev.vars` beside wrangler.toml. */
export function devVarsFile() {
  return path.resolve(ROOT, process.env.BOUNCEKEEPER_DEV_VARS || ".dev.vars");
}

/** Makes the file if there is none. */
export function ensureDevVars(file) {
  const made = !existsSync(file);
  if (made) {
    mkdirSync(path.dirname(file), { recursive: true });
    const lines = Object.entries(MADE).map(([name, make]) => `${name}=${make()}\n`);
    // "wx": two starts at the same moment must not give out two sets of tokens.
    writeFileSync(file, HEADER + lines.join(""), { mode: 0o600, flag: "wx" });
  }
  return { made, vars: readDevVars(file) };
}

/** @returns {Record<string, string>} */
export function readDevVars(file) {
  return util.parseEnv(readFileSync(file, "utf8"));
}

/**
 * One credential out of a secret that may be a list (`a,b` or a JSON array). `undefined` where there is none, or
 * where it is an object, which no request can simply carry.
 */
export function firstCredential(secret) {
  const text = secret?.trim();
  if (!text || text.startsWith("{")) return undefined;
  if (!text.startsWith("[")) return text.split(",")[0].trim() || undefined;
  try {
    const [first] = JSON.parse(text);
    return typeof first === "string" ? first : undefined;
  } catch {
    return undefined;
  }
}
