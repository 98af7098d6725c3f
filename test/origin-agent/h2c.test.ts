import { join } from "node:path";
import { expect, it } from "vitest";
import { call, desiredPod, startHarness, startPod } from "./harness.ts";

const H2C_APP = join(import.meta.dirname, "fixtures", "h2c-app.mjs");

it("speaks HTTP/2 to an application whose port is named h2c", async () => {
  await using harness = await startHarness();
  await startPod(harness, desiredPod("pod-1", { command: [process.execPath, H2C_APP], protocol: "h2c" }));
  const headers = { "x-forwarded-host": "hello.default.example.com" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      call(harness, "pod-1", `/n/${index}`, { method: "POST", body: "x".repeat(index), headers }),
    ),
  );
  expect(answers.map(({ body }) => JSON.parse(body))).toEqual(
    answers.map((_, index) => ({
      version: "2.0",
      host: "hello.default.example.com",
      method: "POST",
      url: `/n/${index}`,
      bodyBytes: index,
    })),
  );
});
