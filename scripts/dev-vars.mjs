/**
 * The secrets of local development: wrangler's file `.dev.vars`, made with random values where there is none, for every
 * provider that `npm run demo` speaks for.
 *
 * A file that is there is its owner's: it is read, never changed. What it lacks is said, not added. Of providers that
 * sign with a private key the file has the public one; the demo's private keys are in a file beside the local data.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import util from "node:util";
import { SENDERS } from "./demo/senders.mjs";
import { ROOT } from "./project.mjs";

const token = () => randomBytes(24).toString("base64url");

/** What the API wants; the providers' follow from how each of them proves itself. */
const API_TOKENS = ["ADMIN_TOKENS", "CHECK_TOKENS"];
const FOR_ITS_OWNER = { mode: 0o600 };

const HEADER = `# Secrets for local development only, made by "npm start". Not for production, not for git.
# Edit it as you like, or delete it to have new ones made; then start again.
`;

/** The secrets' file: `BOUNCEKEEPER_DEV_VARS`, or `.dev.vars` beside wrangler.toml. */
export function devVarsFile() {
  return path.resolve(ROOT, process.env.BOUNCEKEEPER_DEV_VARS || ".dev.vars");
}

/** The demo's private keys, by public key: in a folder that git ignores, or beside a secrets' file of another name. */
function privateKeysFile(file) {
  const isDefault = file === path.join(ROOT, ".dev.vars");
  return isDefault ? path.join(ROOT, ".wrangler/demo-keys.json") : `${file}.demo-keys.json`;
}

/** Makes the file if there is none. */
export function ensureDevVars(file) {
  const made = !existsSync(file);
  if (made) {
    const { lines, privateKeys } = makeSecrets();
    mkdirSync(path.dirname(file), { recursive: true });
    // "wx": two starts at the same moment must not give out two sets of tokens.
    writeFileSync(file, HEADER + lines.join(""), { ...FOR_ITS_OWNER, flag: "wx" });
    const keysFile = privateKeysFile(file);
    mkdirSync(path.dirname(keysFile), { recursive: true });
    // The mode counts for a new file only; an old one may have been opened to others.
    rmSync(keysFile, { force: true });
    writeFileSync(keysFile, `${JSON.stringify(privateKeys, null, 2)}\n`, FOR_ITS_OWNER);
  }
  return { made, vars: readDevVars(file) };
}

function makeSecrets() {
  const lines = API_TOKENS.map((name) => `${name}=${token()}\n`);
  const privateKeys = {};
  for (const { secret: name, proof } of SENDERS.filter((sender) => !API_TOKENS.includes(sender.secret))) {
    const { secret, privateKey } = proof.make();
    lines.push(`${name}=${secret}\n`);
    if (privateKey !== undefined) privateKeys[secret] = privateKey;
  }
  return { lines, privateKeys };
}

/** @returns {Record<string, string>} public key → private key (PEM) of the secrets in that file */
export function readPrivateKeys(file) {
  const keysFile = privateKeysFile(file);
  return existsSync(keysFile) ? JSON.parse(readFileSync(keysFile, "utf8")) : {};
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
