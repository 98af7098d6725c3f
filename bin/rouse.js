#!/usr/bin/env node
// The `rouse` command. Plain JavaScript, because the Node.js that is installed may be too old to load TypeScript: this file
// finds one that is new enough and runs src/cli/main.ts with it.
//
// For `rouse up` it stays as a small supervisor, so that nothing outlives its parent:
//
//     this process ──(own process group, stdin is a pipe)──▶ src/cli/main.ts ──▶ workerd (same group), origin agents
//
//   a signal here         is passed on; the child stops everything in order
//   the child ends        what is left of its group is killed, and its exit code is ours
//   this process is       the pipe closes; the child sees its stdin end and stops everything in order
//   killed (SIGKILL)
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Loads TypeScript without a flag (22.18) and satisfies undici 8 (22.19).
const MIN_NODE = [22, 19];
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
// No event tells that a parent has died; each look costs 0.2 ms of CPU for as long as everything sleeps.
const PARENT_CHECK_MS = 2_000;

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const args = process.argv.slice(2);
const isSupervised = args[0] === "up" && !args.includes("--help") && !args.includes("-h");

if (isSupervised) supervise(findNode());
else if (isNewEnough(process.versions.node)) await import("../src/cli/main.ts");
else runWith(findNode());

function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  // Two places: beside this package, or flattened into the node_modules that holds it.
  for (const place of ["../node_modules/.bin/node", "../../.bin/node"]) {
    const candidate = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(candidate)) return candidate;
  }
  const wanted = MIN_NODE.join(".");
  console.error(
    `error: rouse needs Node.js ${wanted} or newer; this is ${process.versions.node} (${process.execPath}).`,
  );
  console.error("  Install Node.js 24, or run `npm ci` here on Linux, which brings its own copy.");
  process.exit(1);
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
}

function supervise(node) {
  const child = spawn(node, [main, ...args], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, ROUSE_SUPERVISED: "1" },
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  child.stdin.on("error", () => {}); // It may close its end first.
  child.on("error", failToStart);
  child.on("exit", (code, signal) => {
    killGroup(child.pid);
    exitLike(code, signal);
  });
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent(child);
}

// Under `npm start` (whose `exec` makes npm our parent), a SIGKILL of npm would leave us behind with nobody to end us.
function stopWithParent(child) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, PARENT_CHECK_MS).unref();
}

function runWith(node) {
  const child = spawn(node, [main, ...args], { stdio: "inherit" });
  // A terminal gives Ctrl-C to the whole foreground group: the child has it already.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", failToStart);
  child.on("exit", exitLike);
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

function exitLike(code, signal) {
  if (signal === null) process.exit(code);
  for (const name of SIGNALS) process.removeAllListeners(name);
  process.kill(process.pid, signal);
}

function failToStart(error) {
  console.error(`error: could not start Node.js: ${error.message}`);
  process.exit(1);
}
