/** The worker as a deploy would upload it, its floor, and the runtimes that they run in. */
import { createHash, generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { Problem, ROOT } from "../../scripts/project.mjs";
import { seedRecipients, suppressedName } from "../../scripts/scale/seed.mjs";
import { runWrangler } from "../../scripts/wrangler.mjs";
import { FLOOR_TABLE } from "./floor-table.mjs";
import { ADMIN_TOKEN, CACHED, CHECK_TOKEN, INBOXROAD_TOKEN } from "./requests.mjs";
import { Runtime } from "./runtime.mjs";

const HERE = import.meta.dirname;

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
/** What SendGrid's batches are signed with, as PEM. */
export const SENDGRID_KEY = privateKey.export({ type: "pkcs8", format: "pem" });
const SENDGRID_SPKI = publicKey.export({ type: "spki", format: "der" }).toString("base64");

/** @returns the modules of the built worker, the entry first, and how large they are together */
export async function buildWorker(directory) {
  const { code, stdout, stderr } = await runWrangler(["deploy", "--dry-run", "--outdir", directory]);
  if (code !== 0) throw new Problem(`The build failed:\n${stdout}${stderr}`, code);
  const names = readdirSync(directory).filter((name) => !/\.map$|^README\.md$/.test(name));
  const modules = names.map((name) => ({
    type: name === "index.js" ? "ESModule" : "Text",
    path: name,
    contents: readFileSync(path.join(directory, name), "utf8"),
  }));
  modules.sort((a, b) => Number(b.path === "index.js") - Number(a.path === "index.js"));
  const gzipBytes = modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  return { modules, gzipBytes };
}

/**
 * The built worker on stores of its own.
 *
 * @param isMetered its operations are counted
 * @param isBare the schema is not put in place
 */
export async function startProduct({ modules }, { isMetered = false, isBare = false } = {}) {
  const runtime = new Runtime();
  const bindings = {
    ADMIN_TOKENS: ADMIN_TOKEN,
    CHECK_TOKENS: CHECK_TOKEN,
    WEBHOOK_INBOXROAD: INBOXROAD_TOKEN,
    WEBHOOK_SENDGRID: SENDGRID_SPKI,
  };
  await runtime.start({
    modules: isMetered ? [moduleOf("metered.mjs"), ...modules] : modules,
    bindings,
    hasObjects: true,
  });
  if (!isBare) await migrate(await runtime.database());
  return runtime;
}

function moduleOf(name) {
  return { type: "ESModule", path: name, contents: readFileSync(path.join(HERE, name), "utf8") };
}

/** The floors, with the product's schema beside their own table. */
export async function startFloor({ isBare = false } = {}) {
  const runtime = new Runtime();
  const modules = ["floors.mjs", "floor-table.mjs"].map(moduleOf);
  const bindings = { ADMIN_TOKENS: ADMIN_TOKEN, INBOXROAD: INBOXROAD_TOKEN, SENDGRID: SENDGRID_SPKI };
  await runtime.start({ modules, bindings, hasObjects: false });
  if (isBare) return runtime;
  const db = await runtime.database();
  await migrate(db);
  await db.exec(FLOOR_TABLE.replaceAll("\n", " "));
  return runtime;
}

/** Suppressed recipients: all in the projection, the first of them in the edge cache too. */
export async function fillRecipients(runtime, count) {
  await seedRecipients(await runtime.database(), count, () => {});
  const kv = await runtime.namespace();
  for (let i = 0; i < CACHED; i++) {
    const key = createHash("sha256").update(suppressedName(i)).digest("hex");
    const value = { reasons: { hard: { since: Date.UTC(2026, 0, 1) + i, until: null } }, version: 1 };
    await kv.put(`suppression:v1:${key}`, JSON.stringify(value));
  }
}

/** One statement after the other, as wrangler applies them; triggers hold semicolons of their own. */
export async function migrate(db) {
  const directory = path.join(ROOT, "migrations");
  for (const name of readdirSync(directory).sort()) {
    const text = readFileSync(path.join(directory, name), "utf8").replace(/^\s*--.*$/gm, "");
    const statements = text.split(/;\s*$/m).reduce(joinTriggers, []);
    await db.batch(statements.filter((sql) => sql.trim()).map((sql) => db.prepare(sql)));
  }
}

function joinTriggers(statements, part) {
  const last = statements.at(-1);
  const isInside = last !== undefined && /\bBEGIN\b/.test(last) && !/\bEND\s*$/.test(last);
  return isInside ? [...statements.slice(0, -1), `${last};\n${part}`] : [...statements, part];
}
