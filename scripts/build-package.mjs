/**
 * The npm package, for `npm pack` and `npm publish`: the typed client, the command line, their types. Nothing of the worker.
 *
 * The client is one file without imports, and is held to its budget: it is loaded by programs that have little room.
 *
 * Arguments: the folder to build into (dist).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { Problem, ROOT, run } from "./project.mjs";

const DIST = path.resolve(process.argv[2] ?? path.join(ROOT, "dist"));
const TYPES_ENTRY = "client/client.d.ts";
/** Of declarations: `from "../domain/event"`, `import("./error")`. */
const RELATIVE_IMPORT = /(\bfrom\s*|\bimport\s*\(\s*)(["'])(\.{1,2}\/[^"']+)\2/g;

const COMMON = { bundle: true, format: "esm", charset: "utf8", absWorkingDir: ROOT, logLevel: "warning" };

const BUNDLES = [
  {
    file: "client/client.js",
    budgetGzipKb: 18,
    options: { entryPoints: ["src/client/client.ts"], platform: "neutral", target: "es2022" },
  },
  {
    file: "cli/bouncekeeper.js",
    budgetGzipKb: 25,
    options: {
      entryPoints: ["src/cli/main.ts"],
      platform: "node",
      target: "node20",
      banner: { js: "#!/usr/bin/env node" },
    },
  },
];

await run(async () => {
  for (const folder of ["client", "cli", "types"]) rmSync(path.join(DIST, folder), { recursive: true, force: true });
  for (const { file, budgetGzipKb, options } of BUNDLES) {
    const outfile = path.join(DIST, file);
    const { metafile } = await build({ ...COMMON, ...options, outfile, metafile: true });
    const strangers = Object.keys(metafile.inputs).filter((input) => input.includes("node_modules/"));
    if (strangers.length) throw new Problem(`${file} has packages in it: ${strangers.join(", ")}`);
    await holdToBudget(outfile, file, budgetGzipKb);
  }
  chmodSync(path.join(DIST, "cli/bouncekeeper.js"), 0o755);
  // Not in the project's own package.json: it would hold for the worker's source too.
  writeFileSync(path.join(DIST, "client/package.json"), JSON.stringify({ type: "module", sideEffects: false }));
  const count = writeDeclarations();
  console.log(`types: ${count} files`);
});

/** As a bundler would serve it: minified and compressed. */
async function holdToBudget(outfile, file, budgetGzipKb) {
  const source = readFileSync(outfile, "utf8");
  const { code } = await transform(source, { minify: true, format: "esm" });
  const gzip = gzipSync(code).length;
  console.log(`${file}: ${kb(source.length)} KB; minified and compressed ${kb(gzip)} KB, budget ${budgetGzipKb} KB`);
  if (gzip > budgetGzipKb * 1000) throw new Problem(`${file} is over its budget. What grew?`);
}

/**
 * Declarations of the client and of what it mentions, and no others. TypeScript leaves imports as they were written;
 * to be found by Node's rules they need their ending.
 */
function writeDeclarations() {
  const directory = mkdtempSync(path.join(tmpdir(), "bouncekeeper-types-"));
  try {
    const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
    const args = ["--project", path.join(ROOT, "tsconfig.package.json"), "--noEmit", "false", "--declaration"];
    const emitted = spawnSync(
      process.execPath,
      [path.join(path.dirname(tsc), "bin/tsc"), ...args, "--emitDeclarationOnly", "--outDir", directory],
      { encoding: "utf8" },
    );
    if (emitted.status !== 0) throw new Problem(`The types do not compile:\n${emitted.stdout}${emitted.stderr}`);
    return copyReachable(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function copyReachable(directory) {
  const wanted = [TYPES_ENTRY];
  for (const file of wanted) {
    const text = readFileSync(path.join(directory, file), "utf8").replace(
      RELATIVE_IMPORT,
      (_all, before, quote, specifier) => {
        const imported = `${path.posix.join(path.posix.dirname(file), specifier)}.d.ts`;
        if (!wanted.includes(imported)) wanted.push(imported);
        return `${before}${quote}${specifier}.js${quote}`;
      },
    );
    const target = path.join(DIST, "types", file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  return wanted.length;
}

function kb(bytes) {
  return (bytes / 1000).toFixed(1);
}
