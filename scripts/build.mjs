/**
 * `npm run build`: bundles the worker into dist/ exactly as a deploy would, without an account, and holds the
 * bundle to its budget: a worker's start-up time and the free plan's limits depend on its size.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { Problem, ROOT, run } from "./project.mjs";
import { runWrangler } from "./wrangler.mjs";

const BUNDLE_BUDGET_GZIP_KB = 350;
const OUT = path.join(ROOT, "dist");

await run(async () => {
  rmSync(OUT, { recursive: true, force: true });
  const { code, stdout, stderr } = await runWrangler(["deploy", "--dry-run", "--outdir", OUT]);
  if (code !== 0) throw new Problem(`The build failed:\n${stdout}${stderr}`, code);
  // Warnings are the bundler's about our source; they must not get lost in a build that succeeded.
  if (stderr.trim()) console.error(stderr.trim());

  const files = uploadedFiles();
  if (!files.length) throw new Problem(`The build left nothing in ${OUT}.`);
  const sizes = files.map((file) => readFileSync(file)).map((bytes) => [bytes.length, gzipSync(bytes).length]);
  const [raw, gzip] = sizes.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  console.log(`Bundle: ${kb(raw)} KB, ${kb(gzip)} KB compressed; budget ${BUNDLE_BUDGET_GZIP_KB} KB compressed.`);
  if (gzip > BUNDLE_BUDGET_GZIP_KB * 1000) {
    throw new Problem(
      "The bundle is over its budget. What grew? Import less, or raise the budget in scripts/build.mjs.",
    );
  }
});

/** Everything that goes to the platform: the bundle and modules beside it, not source maps and notes. */
function uploadedFiles() {
  return readdirSync(OUT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.map$|^README\.md$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

function kb(bytes) {
  return (bytes / 1000).toFixed(1);
}
