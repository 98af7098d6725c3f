/**
 * A Worker beside the gateway for `bench/sections/routes.ts`: fills the Routes objects and looks hosts up in a loop, as the
 * gateway does. The time is taken outside, since a Worker's clock stands still while it computes.
 */
import { routesShardOf } from "../src/core/routing/shard.ts";
import { recallRoute, resolveRoute } from "../src/worker/gateway/route-cache.ts";

/** The object that has no entry: what an object call costs at least. */
const EMPTY_SHARD = "routes-empty";
const BATCH = 200;
const CALLS_AT_ONCE = 6;

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    const number = (name) => Number(searchParams.get(name));
    const [hosts, lookups] = [number("hosts"), number("lookups")];
    switch (pathname) {
      case "/fill":
        await fill(env, number("from"), hosts);
        break;
      case "/empty":
        for (let n = 0; n < lookups; n += 1) await env.ROUTES.getByName(EMPTY_SHARD).resolve(anyHost(hosts));
        break;
      case "/cold":
        for (let n = 0; n < lookups; n += 1) {
          const host = anyHost(hosts);
          expectFound(await env.ROUTES.getByName(routesShardOf(host)).resolve(host), host);
        }
        break;
      case "/first": {
        const host = hostAt(number("from"));
        expectFound(await env.ROUTES.getByName(routesShardOf(host)).resolve(host), host);
        break;
      }
      case "/serve":
        for (let n = 0; n < hosts; n += 1) await resolveRoute(hostAt(n), env, context);
        break;
      case "/warm":
        for (let n = 0; n < lookups; n += 1) expectFound(recallRoute(anyHost(hosts), env, context), "a served host");
        break;
    }
    return new Response(null, { status: 204 });
  },
};

async function fill(env, from, until) {
  const byShard = new Map();
  for (let n = from; n < until; n += 1) {
    const host = hostAt(n);
    const shard = routesShardOf(host);
    const batches = byShard.get(shard) ?? [[]];
    if (batches.at(-1).length === BATCH) batches.push([]);
    batches.at(-1).push({ host, sequence: n + 1, entry: entryOf(host, n + 1) });
    byShard.set(shard, batches);
  }
  const calls = [...byShard].flatMap(([shard, batches]) => batches.map((batch) => ({ shard, batch })));
  for (let n = 0; n < calls.length; n += CALLS_AT_ONCE) {
    const next = calls.slice(n, n + CALLS_AT_ONCE);
    await Promise.all(next.map(({ shard, batch }) => env.ROUTES.getByName(shard).putEntries(batch)));
  }
}

function anyHost(hosts) {
  return hostAt(Math.floor(Math.random() * hosts));
}

function hostAt(n) {
  return `service-${n}.default.example.com`;
}

function entryOf(host, generation) {
  const revisionUid = crypto.randomUUID();
  const targets = [{ revisionUid, revision: "service-00001", percent: 100, timeoutSec: 300 }];
  const routeUid = crypto.randomUUID();
  return { host, routeUid, namespace: "default", route: "service", visibility: "external", targets, generation };
}

function expectFound(found, host) {
  if (found === null) throw new Error(`${host} was not found`);
}
