import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { FRESH_FOR_MS, REFRESH_AFTER_MS } from "../../src/core/routing/freshness.ts";
import { app, hostOf } from "./fixtures/services.ts";
import { requestOnce } from "./harness/http.ts";
import { startTwoGateways, type TwoGateways } from "./harness/two-gateways.ts";
import { until } from "./harness/until.ts";
import { type Seen, type WatchedHost, watchHost } from "./harness/watched-host.ts";

/** Longer than a gateway that were counted as changed too early could go on with what it remembers and not ask. */
const WATCH_ON_MS = REFRESH_AFTER_MS + 500;
/** An outage outlasts what gateways believe without asking. */
const OUTAGE_MS = FRESH_FOR_MS + 2_000;
/** From the answer to a DELETE until the Routes object knows, and the bound of the gateways' memory. */
const DELETED_WITHIN_MS = FRESH_FOR_MS + 1_000;
/** A gateway may send requests to pods for so long without asking their Revision object. */
const LEASE_MS = 10_000;
const READY_TIMEOUT_MS = 30_000;

let edge: TwoGateways;
const watched: WatchedHost[] = [];

beforeAll(async () => {
  edge = await startTwoGateways();
});

afterEach(async () => {
  for (const host of watched.splice(0)) await host.stop(0);
});

afterAll(() => edge.stop());

describe("from the moment the API says Ready, no gateway answers with what was before", () => {
  const host = hostOf("moving");
  const blueHost = hostOf("blue-moving");
  const service = (colour: string, traffic?: readonly unknown[]) => {
    const manifest = app("moving", {
      env: { COLOUR: colour },
      annotations: { "autoscaling.knative.dev/min-scale": "1" },
    });
    return { ...manifest, spec: { ...manifest.spec, ...(traffic === undefined ? {} : { traffic }) } };
  };
  const latest = { latestRevision: true, percent: 100 };

  it("when a service is created", async () => {
    expect(await answersAfterReady(host, () => write("POST", service("red")))).toEqual(bothSay("moving-00001"));
  });

  it("when it gets a new revision", async () => {
    expect(await answersAfterReady(host, () => write("PUT", service("green")))).toEqual(bothSay("moving-00002"));
  });

  it("when a revision gets a tag", async () => {
    const traffic = [latest, { revisionName: "moving-00001", tag: "blue" }];
    expect(await answersAfterReady(blueHost, () => write("PUT", service("green", traffic)))).toEqual(
      bothSay("moving-00001"),
    );
  });

  it("when the tag moves to another revision", async () => {
    const traffic = [latest, { revisionName: "moving-00002", tag: "blue" }];
    expect(await answersAfterReady(blueHost, () => write("PUT", service("green", traffic)))).toEqual(
      bothSay("moving-00002"),
    );
  });

  it("and a deleted service is unknown within the freshness bound, with no error in its place", async () => {
    const hosts = [host, blueHost].map(watch);
    await edge.client.expect("delete the service", "DELETE", `${SERVICES}/moving`);
    const goneByMs = performance.now() + DELETED_WITHIN_MS;
    await delay(DELETED_WITHIN_MS + 2_000);
    for (const each of hosts) {
      expect(new Set((await each.stop(goneByMs)).map(({ gateway, status }) => `${gateway}: ${status}`))).toEqual(
        new Set(["0: 404", "1: 404"]),
      );
    }
  });
});

describe("without the control plane", () => {
  const host = hostOf("steady");
  const faults = ["throws", "hangs"] as const;

  beforeAll(async () => {
    const minScale = { "autoscaling.knative.dev/min-scale": "1" };
    const names = ["steady", ...faults.map((fault) => `unseen-${fault}`)];
    for (const name of names) await write("POST", app(name, { annotations: minScale }));
    for (const name of names) await readyAtMs(name);
  });

  it.each(faults)("known hosts are served and unknown ones are 404 (it %s)", async (fault) => {
    await edge.setFault("ControlPlane", fault);
    const served = watch(host);
    const unknown = watch(hostOf(`nobody-${fault}`));
    await delay(OUTAGE_MS);
    expect(said(await served.stop(0))).toEqual(bothSay("steady-00001"));
    expect(statuses(await unknown.stop(0))).toEqual(new Set([404]));
    await edge.setFault("ControlPlane", "none");
  });

  it.each(faults)(
    "and without the route table what is known is served, the rest from its copy, and the unknown is 503 (it %s)",
    async (fault) => {
      await edge.setFault("ControlPlane", "hangs");
      await edge.setFault("Routes", fault);
      const served = watch(host);
      const unknown = watch(hostOf(`nobody-without-${fault}`));
      await delay(OUTAGE_MS);
      expect(said(await served.stop(0))).toEqual(bothSay("steady-00001"));
      expect(statuses(await unknown.stop(0))).toEqual(new Set([503]));

      // Nobody has asked for this host before, so neither isolate knows it: each reads the copy.
      const unseen = hostOf(`unseen-${fault}`);
      const copied = await Promise.all(edge.ports.map((port) => requestOnce(port, unseen, "/")));
      expect(copied.map(({ status, body }) => `${status} ${body}`)).toEqual(
        Array(2).fill(`200 hello from unseen-${fault}-00001`),
      );
      await edge.setFault("Routes", "none");
      await edge.setFault("ControlPlane", "none");
    },
  );

  it("and with both back a change counts as ready only when both gateways serve it", async () => {
    const changed = app("steady", {
      env: { COLOUR: "new" },
      annotations: { "autoscaling.knative.dev/min-scale": "1" },
    });
    expect(await answersAfterReady(host, () => write("PUT", changed))).toEqual(bothSay("steady-00002"));
  });
});

it("the death of the process with all objects costs the other gateway no request to a host that it serves", async () => {
  const host = hostOf("lasting");
  await write("POST", app("lasting", { annotations: { "autoscaling.knative.dev/min-scale": "1" } }));
  await readyAtMs("lasting");
  const watching = watchHost(edge.ports.slice(1), host);
  watched.push(watching);
  await until("the first answer", () => (watching.seen.length > 0 ? true : null));
  const pid = edge.objectsPid();
  process.kill(pid, "SIGKILL");
  await delay(LEASE_MS + 2_000);
  expect(said(await watching.stop(0))).toEqual(new Set(["0: 200 hello from lasting-00001"]));
  expect(edge.objectsPid()).not.toBe(pid);
  await readyAtMs("lasting");
});

const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";

type Stored = {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** What requests learn of a host that are sent after a write of its service is Ready, for as long as memory may last. */
async function answersAfterReady(host: string, change: () => Promise<string>): Promise<Set<string>> {
  const watching = watch(host);
  const sinceMs = await readyAtMs(await change());
  await delay(WATCH_ON_MS);
  return said(await watching.stop(sinceMs));
}

function watch(host: string): WatchedHost {
  const watching = watchHost(edge.ports, host);
  watched.push(watching);
  return watching;
}

/** Creates a service, or replaces it. @returns its name */
async function write(method: "POST" | "PUT", manifest: ReturnType<typeof app>): Promise<string> {
  const { name } = manifest.metadata;
  if (method === "POST") {
    await edge.client.expect(`create ${name}`, "POST", SERVICES, manifest);
    return name;
  }
  const { metadata } = (await edge.client.expect(`read ${name}`, "GET", `${SERVICES}/${name}`)) as Stored;
  const body = { ...manifest, metadata: { ...manifest.metadata, resourceVersion: metadata.resourceVersion } };
  await edge.client.expect(`replace ${name}`, "PUT", `${SERVICES}/${name}`, body);
  return name;
}

/** Asks without a pause. @returns when the answer was there that said so */
function readyAtMs(name: string): Promise<number> {
  return until(
    `service ${name} is ready`,
    async () => {
      const service = (await edge.client.expect(`read ${name}`, "GET", `${SERVICES}/${name}`)) as Stored;
      const ready = service.status?.conditions?.find(({ type }) => type === "Ready")?.status;
      const isCurrent = service.status?.observedGeneration === service.metadata.generation;
      return ready === "True" && isCurrent ? performance.now() : null;
    },
    { timeoutMs: READY_TIMEOUT_MS, everyMs: 1 },
  );
}

function said(seen: readonly Seen[]): Set<string> {
  return new Set(seen.map(({ gateway, status, body }) => `${gateway}: ${status} ${body}`));
}

function statuses(seen: readonly Seen[]): Set<number> {
  return new Set(seen.map(({ status }) => status));
}

function bothSay(revision: string): Set<string> {
  return new Set([`0: 200 hello from ${revision}`, `1: 200 hello from ${revision}`]);
}
