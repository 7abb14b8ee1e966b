/**
 * `npm run deploy`: the worker on your Cloudflare account, first time or update, without hand-written ids.
 *
 * 1. Is the database there? If not, it is created, by the name in wrangler.toml.
 * 2. Migrations, before the code that needs them. (So a migration must suit the code that is still running.)
 * 3. `wrangler deploy`, which finds the database by its name, and creates the KV namespace the first time.
 * 4. Says which secrets are still to be set.
 * A step that fails ends the deploy with that step's exit code; running it again goes on where it stopped.
 *
 * Arguments go to `wrangler deploy`; `--env` and `--config` go to every step: npm run deploy -- --env staging
 *
 * Environment:
 *   CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID   instead of "npm run wrangler -- login"
 *   D1_LOCATION, D1_JURISDICTION                  where a new database lives (see: npm run wrangler -- d1 create --help)
 */
import { parseArgs } from "node:util";
import { Problem, ROOT, run } from "./project.mjs";
import { runWrangler, runWranglerInTerminal } from "./wrangler.mjs";

const DATABASE_BINDING = "DB";
const TARGET_OPTIONS = { env: { type: "string", short: "e" }, config: { type: "string", short: "c" } };
const LOGIN_HELP =
  "Not signed in? Run:  npm run wrangler -- login\nIn automation, set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID) instead.";

await run(async () => {
  const args = process.argv.slice(2);
  const { values } = parseArgs({ args, strict: false, options: TARGET_OPTIONS });
  // For the steps that are not the deploy itself.
  const target = Object.keys(TARGET_OPTIONS).flatMap((name) => (values[name] ? [`--${name}`, values[name]] : []));
  if (values["dry-run"]) {
    console.log("Dry run: no database is created, no migration is applied.");
    return runWranglerInTerminal(["deploy", ...args]);
  }
  const config = await readConfig(values);

  console.log("1/4 Database");
  await ensureDatabase(config.database, target);
  console.log("2/4 Migrations");
  const applied = await step(["d1", "migrations", "apply", DATABASE_BINDING, "--remote", ...target]);
  const files = applied.stdout.match(/\S+\.sql(?=\s*│\s*✅)/g) ?? [];
  console.log(indent([...new Set(files)].map((file) => `${file}: applied`).join("\n") || "nothing new"));
  console.log("3/4 Worker");
  const code = await runWranglerInTerminal(["deploy", ...args]);
  if (code !== 0) throw new Problem(await deployFailure(config, target), code);
  console.log("4/4 Secrets");
  console.log(await secretsReport(target));
});

/** What wrangler makes of wrangler.toml: nobody else reads it quite the same. */
async function readConfig({ env, config: file }) {
  process.chdir(ROOT);
  const { unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: file, env });
  const database = config.d1_databases.find(({ binding }) => binding === DATABASE_BINDING);
  if (!database?.database_name) {
    throw new Problem(`The configuration has no database_name for the binding ${DATABASE_BINDING}.`);
  }
  return { name: config.name, database, namespaces: config.kv_namespaces };
}

async function ensureDatabase({ database_id: id, database_name: name }, target) {
  if (id) return console.log(indent(`${name}: as configured (${id})`));
  const listed = await step(["d1", "list", "--json", ...target], LOGIN_HELP);
  if (jsonIn(listed.stdout).some((database) => database.name === name)) return console.log(indent(`${name}: is there`));
  const { D1_LOCATION, D1_JURISDICTION } = process.env;
  const place = [
    ...(D1_LOCATION ? ["--location", D1_LOCATION] : []),
    ...(D1_JURISDICTION ? ["--jurisdiction", D1_JURISDICTION] : []),
  ];
  await step(["d1", "create", name, ...place, ...target]);
  console.log(indent(`${name}: created`));
}

/**
 * A first deploy that failed half-way leaves its KV namespace behind, and the next one fails because the name is
 * taken: wrangler finds databases by name, but namespaces only through a worker that is already bound to them.
 */
async function deployFailure({ name, namespaces }, target) {
  const lines = ["wrangler deploy failed; the reason is above. The database and its migrations are in place."];
  const isDeployed = (await runWrangler(["secret", "list", ...target])).code === 0;
  const listed = isDeployed ? undefined : await runWrangler(["kv", "namespace", "list", ...target]);
  const existing = listed?.code === 0 ? jsonIn(listed.stdout) : [];
  for (const { binding, id } of namespaces) {
    const title = `${name}-${binding.toLowerCase().replaceAll("_", "-")}`;
    const leftover = existing.find((namespace) => namespace.title === title);
    if (leftover && !id) {
      lines.push(
        `The KV namespace "${title}" is left from an earlier attempt, and wrangler does not use it again by itself.`,
        `Name it in wrangler.toml, under the [[kv_namespaces]] of ${binding}, and deploy again:\n  id = "${leftover.id}"`,
      );
    }
  }
  return lines.join("\n");
}

async function secretsReport(target) {
  const listed = await runWrangler(["secret", "list", ...target]);
  if (listed.code !== 0) return indent("They could not be listed. See: npm run wrangler -- secret list");
  const names = jsonIn(listed.stdout).map(({ name }) => name);
  const put = (name) => `  npm run wrangler -- secret put ${[name, ...target].join(" ")}`;
  const lines = [];
  if (!names.includes("ADMIN_TOKENS")) {
    lines.push("Missing: ADMIN_TOKENS. Until it is set, nobody can use the API.", put("ADMIN_TOKENS"));
  }
  if (!names.includes("CHECK_TOKENS")) {
    lines.push("Not set: CHECK_TOKENS, for senders, which may only check.", put("CHECK_TOKENS"));
  }
  if (!names.some((name) => name.startsWith("WEBHOOK_"))) {
    lines.push("Not set: any WEBHOOK_<PROVIDER>. No provider can report yet; for example:", put("WEBHOOK_INBOXROAD"));
  }
  return indent(lines.length ? lines.join("\n") : `All there: ${names.join(", ")}`);
}

/** A step whose failure ends the deploy. */
async function step(args, help = "") {
  const result = await runWrangler(args);
  if (result.code === 0) return result;
  throw new Problem(
    `wrangler ${args.join(" ")} failed:\n${result.stdout}${result.stderr}\n${help}`.trim(),
    result.code,
  );
}

/** The JSON of a command's output, which may come after a warning in words. */
function jsonIn(text) {
  const start = text.search(/^\[/m);
  try {
    return JSON.parse(text.slice(start));
  } catch {
    throw new Problem(`Wrangler answered something unexpected:\n${text}`);
  }
}

function indent(text) {
  return text.trim().replace(/^/gm, "    ");
}
