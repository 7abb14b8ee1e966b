/** `npm run test:chaos`: apart from the other tests, as it takes its time and wants the machine for itself. */
import { defineConfig } from "vitest/config";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";

export default defineConfig({
  test: {
    name: "chaos",
    include: ["test/chaos/*.test.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
