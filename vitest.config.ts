import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import CountReporter from "./test/count-reporter.ts";

/**
 * Four projects: unit (plain Node), workers (inside workerd), e2e (real processes and sockets), soak (long churn, only by
 * `npm run test:soak`). The reporter prints `N passed, N failed` as the run's last line.
 */
const soak = process.env.ROUSE_SOAK === "1";

export default defineConfig({
  test: {
    reporters: ["default", new CountReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "test/core/**/*.test.ts",
            "test/origin-agent/**/*.test.ts",
            "test/cli/**/*.test.ts",
            "test/*.test.ts",
          ],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: "./src/worker/index.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ROUSE_ROOT_KEY: "test-root-key-test-root-key-test-root-key",
                // SHA-256 of "test-admin-token"
                ROUSE_ADMIN_TOKEN_HASH: "17d6bfe05d1b1fb7bc499f8e3f639c7b3eda4c40f321eef8887a0c04c89a99c5",
                CONTROL_HOST: "rouse.test",
                DEFAULT_DOMAIN: "apps.test",
                SINGLE_GATEWAY: "1",
                PATH_TOKENS: "1",
              },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/worker/**/*.test.ts", "test/durable/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Each file has a system of its own and mostly waits for windows to pass: three side by side keep two cores busy.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      ...(soak
        ? [
            {
              test: {
                name: "soak",
                include: ["test/soak/**/*.test.ts"],
                testTimeout: 1_800_000,
                fileParallelism: false,
              },
            },
          ]
        : []),
    ],
  },
});
