import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { count, domainSuffix, portNumber } from "../../src/cli/commands/option-values.ts";
import { joinHint } from "../../src/cli/commands/token.ts";
import { swallowedByNpm, upCommand } from "../../src/cli/commands/up.ts";
import { isLoopback } from "../../src/cli/loopback.ts";
import { PACKAGE_ROOT } from "../../src/cli/package-root.ts";
import { openLog } from "../../src/cli/up/log-file.ts";
import { openerFor } from "../../src/cli/up/open-page.ts";
import { choosePort } from "../../src/cli/up/ports.ts";
import { duration, line, localUrl, styleFor } from "../../src/cli/up/report.ts";
import { parseWorkerConfig } from "../../src/cli/up/worker-config.ts";

describe("wrangler.toml", () => {
  it("as shipped gives the local edge its date, flags, objects and KV", () => {
    const config = parseWorkerConfig(readFileSync(join(PACKAGE_ROOT, "wrangler.toml"), "utf8"));
    expect(config.compatibilityDate).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(config.compatibilityFlags).toContain("enable_request_signal");
    expect(config.durableObjects).toContainEqual({ binding: "CONTROL_PLANE", className: "ControlPlane" });
    expect(config.durableObjects.length).toBeGreaterThanOrEqual(4);
    expect(config.kvNamespaces).toEqual(["ROUTE_COPIES"]);
  });

  it("with routes filled in for a deployment is read all the same", () => {
    const toml = [
      'compatibility_date = "2026-10-25" # why',
      'compatibility_flags = ["a", "b"]',
      "routes = [",
      '  { pattern = "*.apps.example.com/*", zone_name = "example.com" },',
      "]",
      "[[durable_objects.bindings]]",
      'name = "A"',
      'class_name = "B"',
      "[[kv_namespaces]]",
      'binding = "C"',
      'id = "0123456789abcdef"',
      "[[migrations]]",
      'tag = "v1"',
      'new_sqlite_classes = ["B"]',
    ].join("\n");
    expect(parseWorkerConfig(toml)).toEqual({
      compatibilityDate: "2026-10-25",
      compatibilityFlags: ["a", "b"],
      durableObjects: [{ binding: "A", className: "B" }],
      kvNamespaces: ["C"],
    });
  });

  it.each([
    ["compatibility_flags = []", "compatibility_date is missing"],
    ['compatibility_date = "x"\ncompatibility_flags = [', "compatibility_flags is missing or is not a list"],
    ['[[durable_objects.bindings]]\nname = "A"\nclass_name = "B"', "class B is in no migration"],
  ])("that lacks what is needed (%j) is named", (toml, message) => {
    expect(() => parseWorkerConfig(toml)).toThrow(`wrangler.toml: ${message}`);
  });
});

describe("a port", () => {
  it("that is taken is exchanged when it is the default, and refused by name when the user asked for it", async () => {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    const address = server.address();
    const taken = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const other = await choosePort("--data-port", "127.0.0.1", taken, true);
      expect(other).toBeGreaterThan(0);
      expect(other).not.toBe(taken);
      await expect(choosePort("--port", "127.0.0.1", taken, false)).rejects.toMatchObject({
        message: expect.stringContaining(`port ${taken} on 127.0.0.1 is in use`),
        remedy: expect.stringContaining("--port PORT"),
      });
    } finally {
      server.close();
    }
  });

  it("of 0 becomes any free one", async () => {
    expect(await choosePort("--port", "127.0.0.1", 0, false)).toBeGreaterThan(0);
  });

  it("on the command line is a number from 0 to 65535", () => {
    expect(portNumber("8080")).toBe(8080);
    for (const text of ["-1", "65536", "80a", ""]) expect(() => portNumber(text)).toThrow("A port is a number");
    expect(count("0")).toBe(0);
    expect(() => count("-1")).toThrow("from 0 on");
  });
});

describe("options of rouse up", () => {
  const { options } = upCommand();

  it("that npm kept for itself are found, with what to write instead", () => {
    const env = {
      npm_lifecycle_event: "start",
      npm_config_port: "true",
      npm_config_domain: "a.test",
      npm_config_examples: "",
    };
    expect(swallowedByNpm(options, ["8081"], env)).toEqual(["--port 8081", "--domain a.test", "--no-examples"]);
  });

  it("are not looked for without npm start, nor among npm's own", () => {
    expect(swallowedByNpm(options, [], { npm_config_port: "8081" })).toEqual([]);
    expect(swallowedByNpm(options, [], { npm_lifecycle_event: "start", npm_config_cache: "/tmp" })).toEqual([]);
  });
});

describe("the hint beside a join token", () => {
  it("is a command that works as it stands: on this machine with ports that are free", () => {
    expect(joinHint("http://127.0.0.1:8080", "T")).toContain(
      "node bin/rouse.js agent --edge http://127.0.0.1:8080 --token T --name second --data-port 0 --metrics-port 0",
    );
    expect(joinHint("https://rouse.example.com", "T")).toContain("--data-url");
  });
});

describe("a host", () => {
  it.each(["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])("is this machine: %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "127.0.0.1.example.com", "example.com"])("may be reached from elsewhere: %s", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe("a domain on the command line", () => {
  it.each(["localhost", "apps.example.com", "a-b.test"])("may be %j", (text) => {
    expect(domainSuffix(text)).toBe(text);
  });

  it.each([
    "Foo Bar",
    "Example.com",
    ".test",
    "test.",
    "a..b",
    "-a.test",
    "10.0.0.1",
    "",
    "a/b",
    `${"x".repeat(64)}.test`,
  ])("may not be %j", (text) => {
    expect(() => domainSuffix(text)).toThrow("A suffix of host names is expected");
  });
});

describe("a log", () => {
  it("is appended to, and its owner's alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rouse-log-"));
    try {
      const path = join(folder, "agent.log");
      for (const line of ["one\n", "two\n"]) await once(openLog(path).end(line), "close");
      expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("on a full disk goes on taking what is written", async () => {
    const log = openLog("/dev/full");
    const source = Readable.from(["one\n", "two\n", "three\n"]);
    source.pipe(log);
    await once(log, "close");
    expect(source.readableEnded).toBe(true);
  });
});

describe("what rouse up prints", () => {
  it("has no colours without a terminal, or when the user wants none", () => {
    const styles = [styleFor({}, {}), styleFor({ isTTY: true }, { NO_COLOR: "1" })];
    for (const style of styles) expect(line(style, "edge", "http://x", "note")).toBe("  edge     http://x  note");
    expect(styleFor({ isTTY: true }, {}).bold("x")).toBe("\x1b[1mx\x1b[22m");
  });

  it("gives durations two digits that matter", () => {
    expect([87.4, 1_234, 75_000].map(duration)).toEqual(["87 ms", "1.2 s", "75 s"]);
  });

  it("adds the edge's port to a service's URL", () => {
    expect(localUrl("http://hello.default.localhost", 8080)).toBe("http://hello.default.localhost:8080/");
    expect(localUrl("http://hello.default.Foo Bar", 8080)).toBe("http://hello.default.Foo Bar");
  });

  it("opens a browser only where there is one", () => {
    expect(openerFor("linux", {})).toBeNull();
    expect(openerFor("linux", { DISPLAY: ":0" })).toBe("xdg-open");
    expect(openerFor("linux", { DISPLAY: ":0", CI: "true" })).toBeNull();
    expect(openerFor("darwin", {})).toBe("open");
  });
});
