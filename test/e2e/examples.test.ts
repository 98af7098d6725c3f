/** The examples as a stranger meets them: applied by `rouse up`, asleep after a while, woken by what they are for. */

import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { waitForZero } from "./harness/data-plane.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { openStream } from "./harness/stream.ts";

const CHROMIUM = "/usr/bin/chromium";
const hasChromium = existsSync(CHROMIUM);
// CI installs it; a machine without it says what was not run.
const why = hasChromium || process.env.CI === "true" ? "" : ` (skipped: no ${CHROMIUM} on this machine)`;

let rouse: Rouse;

beforeAll(async () => {
  rouse = await startRouse({ withExamples: true });
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  await rouse.stop();
});

it("prints the URL of every example and a curl line before it is ready", () => {
  for (const name of ["hello", "clock", "echo", "wiki", "slow"]) {
    expect(rouse.output()).toContain(`http://${name}.default.localhost:${rouse.port}/`);
  }
  expect(rouse.output()).toMatch(/^ *curl http/m);
});

describe("asleep", () => {
  it("hello answers", async () => {
    await waitForZero(rouse, "hello");
    expect((await rouse.request(hostOf("hello"), "/")).body).toBe("Hello World!\n");
  });

  it("slow is waited for, and the answer says how long", async () => {
    await waitForZero(rouse, "slow");
    const answer = await rouse.request(hostOf("slow"), "/");
    expect(answer.status).toBe(200);
    expect(Number(answer.headers["x-rouse-cold-start"])).toBeGreaterThan(2_900);
  });

  it("clock streams events", async () => {
    await waitForZero(rouse, "clock");
    const stream = openStream(rouse.port, hostOf("clock"), "/");
    stream.request.end();
    const response = await stream.response;
    expect(response.headers["content-type"]).toContain("text/event-stream");
    const [first] = (await once(response, "data")) as [Buffer];
    expect(String(first)).toContain("data:");
    stream.request.destroy();
  });

  it("echo answers over a WebSocket", async () => {
    await waitForZero(rouse, "echo");
    const socket = new WebSocket(`ws://127.0.0.1:${rouse.port}/`, { headers: { host: hostOf("echo") } });
    const messages: string[] = [];
    socket.on("message", (data) => messages.push(String(data)));
    await once(socket, "open");
    socket.send("hello");
    while (!messages.includes("hello")) await once(socket, "message");
    socket.close();
    await once(socket, "close");
  });

  it.skipIf(why !== "")(`wiki, an application from npm, opens in a browser${why}`, async () => {
    await waitForZero(rouse, "wiki");
    const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
    try {
      const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
      const response = await page.goto(`http://${hostOf("wiki")}:${rouse.port}/`);
      expect(response?.status()).toBe(200);
      expect(Number(response?.headers()["x-rouse-cold-start"])).toBeGreaterThan(0);
      await page.getByText("Syncing Changes to the Server").waitFor();
      await page.screenshot({ path: join(rouse.stateDir, "..", "rouse-wiki.png") });
      const status = await browser.newPage();
      await status.goto(`http://127.0.0.1:${rouse.port}/k/${rouse.adminToken}/`);
      await status.getByText("wiki").first().waitFor();
      await status.screenshot({ path: join(rouse.stateDir, "..", "rouse-page.png") });
      await status.setViewportSize({ width: 400, height: 800 });
      expect(await status.locator("html").evaluate((html: { scrollWidth: number }) => html.scrollWidth)).toBe(400);
    } finally {
      await browser.close();
    }
  });
});
