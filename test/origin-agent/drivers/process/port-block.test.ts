import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { PortBlock } from "../../../../src/origin-agent/drivers/process/port-block.ts";

it("gives two agents of one machine blocks that do not overlap", async () => {
  const [first, second] = [await PortBlock.reserve(11), await PortBlock.reserve(11)];
  const ports = [first.take(), second.take()].map((port) => Math.floor((port ?? 0) / 500));
  expect(ports[0]).not.toBe(ports[1]);
  await first.close();
  await second.close();
});

it("hands ports out round robin, so that one rests before it is used again", async () => {
  const block = await PortBlock.reserve(12);
  const first = block.take() ?? 0;
  block.release(first);
  const next = Array.from({ length: 30 }, () => block.take());
  expect(next).not.toContain(first);
  expect(new Set(next).size).toBe(30);
  await block.close();
});

it("skips a port that another program listens on", async () => {
  const scout = await PortBlock.reserve(13);
  const first = scout.take() ?? 0;
  await scout.close();
  const other = createServer().listen(first, "127.0.0.1");
  await once(other, "listening");
  const block = await PortBlock.reserve(13);
  expect(Array.from({ length: 10 }, () => block.take())).not.toContain(first);
  await block.close();
  other.close();
});

it("says that there is none left when every port is taken", async () => {
  const block = await PortBlock.reserve(14);
  const ports = Array.from({ length: 499 }, () => block.take());
  expect(new Set(ports).size).toBe(499);
  expect(block.take()).toBeNull();
  block.release(ports[7] ?? 0);
  expect(block.take()).toBe(ports[7]);
  await block.close();
});
