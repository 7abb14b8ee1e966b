import { availableParallelism } from "node:os";
import path from "node:path";
import { defineConfig } from "vitest/config";
import type { FuzzRuns } from "./test/support/fuzz-runs.ts";
import { trustedCertificate } from "./test/support/node/certificate.ts";

// Mail servers of the tests speak TLS.
trustedCertificate();
// Miniflare would otherwise ask the network for a sample `request.cf`.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
const { cloudflareTest, readD1Migrations } = await import("@cloudflare/vitest-pool-workers");

const root = import.meta.dirname;
const migrations = await readD1Migrations(path.join(root, "migrations"));
/** Pure code needs no worker around it. */
const PLAIN_NODE = ["domain", "mail", "csv", "import", "sync", "expressions"]
  .map((zone) => `test/${zone}/**/*.test.ts`)
  .concat("test/architecture.test.ts", "test/bundle.test.ts");

/**
 * Files that leave nothing behind in the modules share them: loading these takes longer than most of their tests. The
 * others are about what is remembered for a minute, or leave work going on behind.
 */
const SHARING = [
  "test/{client,crypto,handlers,mailbox,providers,security,store}/**/*.test.ts",
  "test/dashboard/!(lists|overview).test.ts",
  "test/http/!(alerts).test.ts",
];
/** `npm run fuzz` says how long and with which seed. */
const FUZZ: FuzzRuns = { runs: process.env.FUZZ_RUNS ?? null, seed: process.env.FUZZ_SEED ?? null };
const OUTSIDE = ["test/browser/**", "test/e2e/**", "test/chaos/**"];

/** In the platform's own runtime, on the real schema. */
function inWorkerd() {
  return cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        ADMIN_TOKENS: "test-admin,test-admin-2",
        CHECK_TOKENS: "test-check",
        TEST_MIGRATIONS: migrations,
        FUZZ,
        // `npm run test:chaos` says it, too.
        CHAOS: { runs: process.env.CHAOS_RUNS ?? null, seed: process.env.SEED ?? null },
      },
      // A test that reaches the network is a mistake: it gets this answer instead.
      outboundService: (request: Request) => new Response(`blocked: ${request.url}`, { status: 599 }),
    },
  });
}

export default defineConfig({
  test: {
    // Most of a test's time is the runtime's, in a process of its own: on two cores, too, two files at a time go faster.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        plugins: [inWorkerd()],
        test: {
          name: "workers",
          include: ["test/**/*.test.ts"],
          exclude: [...PLAIN_NODE, ...OUTSIDE, ...SHARING],
          globalSetup: ["test/support/node/pop3-listener.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        plugins: [inWorkerd()],
        test: {
          name: "shared",
          include: SHARING,
          isolate: false,
          globalSetup: ["test/support/node/pop3-listener.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: "unit", include: PLAIN_NODE, environment: "node", testTimeout: 60_000, provide: { FUZZ } } },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          environment: "node",
          globalSetup: ["test/browser/setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
