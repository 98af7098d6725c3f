import { appendFile, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LogLimit } from "../../../../src/origin-agent/drivers/process/log-limit.ts";

it("cuts a log that is too long, keeps one old file, and lets the writer go on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rouse-log-"));
  const path = join(folder, "log");
  const writer = await open(path, "a");
  const limit = new LogLimit(10, 60_000);
  limit.watch(path);
  limit.watch(join(folder, "not-there"));

  await writer.write("short");
  await limit.check();
  expect(await readFile(path, "utf8")).toBe("short");

  await writer.write(" and long");
  await limit.check();
  expect(await readFile(`${path}.1`, "utf8")).toBe("short and long");
  await writer.write("new");
  expect(await readFile(path, "utf8")).toBe("new");

  limit.unwatch(path);
  await appendFile(path, "x".repeat(20));
  await limit.check();
  expect((await readFile(path, "utf8")).length).toBe(23);
  limit.close();
  await writer.close();
  await rm(folder, { recursive: true });
});
