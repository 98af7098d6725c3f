import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { ObjectNamespace, RouteEntry, RoutesRpc } from "../../src/core/protocol/objects.ts";

const namespace = (env as unknown as { ROUTES: ObjectNamespace<RoutesRpc> }).ROUTES;

function entry(host: string, generation: number): RouteEntry {
  const target = { revisionUid: "r", revision: "hello-00001", percent: 100, timeoutSec: 300 };
  return {
    host,
    routeUid: "u",
    namespace: "default",
    route: "hello",
    visibility: "external",
    targets: [target],
    generation,
  };
}

it("answers with the entry of a host and with null for an unknown one", async () => {
  const routes = namespace.getByName("routes-test-1");
  await routes.putEntries([{ host: "a.test", sequence: 1, entry: entry("a.test", 1) }]);
  expect(await routes.resolve("a.test")).toMatchObject({ host: "a.test", generation: 1 });
  expect(await routes.resolve("b.test")).toBeNull();
});

it("drops a change that is older than what it has, also after a deletion", async () => {
  const routes = namespace.getByName("routes-test-2");
  await routes.putEntries([{ host: "a.test", sequence: 5, entry: entry("a.test", 5) }]);
  await routes.putEntries([{ host: "a.test", sequence: 4, entry: entry("a.test", 4) }]);
  expect(await routes.resolve("a.test")).toMatchObject({ generation: 5 });
  await routes.putEntries([{ host: "a.test", sequence: 6, entry: null }]);
  await routes.putEntries([{ host: "a.test", sequence: 5, entry: entry("a.test", 5) }]);
  expect(await routes.resolve("a.test")).toBeNull();
});
