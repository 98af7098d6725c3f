import { describe, expect, test } from "vitest";
import { releaseHosts } from "../../../src/core/reconcile/ingress.ts";
import type { RouteHost } from "../../../src/core/reconcile/observed.ts";
import { reconcileRoute } from "../../../src/core/reconcile/route.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { Route } from "../../../src/core/resource/serving.ts";
import { NOW_MS, observedOf, revision, route, SETTINGS } from "./fixtures.ts";

const ROUTE = route("hello", [{ revisionName: "hello-00001", percent: 100 }]);
const REVISION = revision("hello-00001", "True");

function hostsAfter(deliveredAtMs: number | null): (RouteHost & { routeUid: string })[] {
  return reconcileRoute(ROUTE, observedOf([ROUTE, REVISION]), SETTINGS).flatMap((write) =>
    write.type === "entry" && write.entry !== null
      ? [{ host: write.host, entry: write.entry, deliveredAtMs, routeUid: write.routeUid }]
      : [],
  );
}

function ingressAt(nowMs: number, hosts: ReturnType<typeof hostsAfter>) {
  const writes = reconcileRoute(ROUTE, observedOf([ROUTE, REVISION], { hosts }), { ...SETTINGS, nowMs });
  const status = writes.find((write) => write.type === "update-status");
  return {
    ingress: findCondition(status?.type === "update-status" ? (status.object as Route).status : {}, "IngressReady"),
    entries: writes.filter((write) => write.type === "entry"),
    wake: writes.find((write) => write.type === "wake"),
    forgotten: writes.flatMap((write) => (write.type === "forget-host" ? [write.host] : [])),
    waits: writes.flatMap((write) => (write.type === "await-host" ? [write.host] : [])),
  };
}

describe("IngressReady", () => {
  test("is Unknown while the entries are being written and delivered", () => {
    expect(ingressAt(NOW_MS, []).entries.map((write) => write.type === "entry" && write.host)).toEqual([
      "hello.default",
      "hello.default.svc",
      "hello.default.svc.cluster.local",
      "hello.default.example.com",
    ]);
    const waiting = ingressAt(NOW_MS, hostsAfter(null));
    expect(waiting.entries).toEqual([]);
    expect(waiting.ingress).toMatchObject({ status: "Unknown", reason: "IngressNotConfigured" });
    expect(waiting.wake).toBeUndefined();
  });

  test("is Unknown until every gateway has let go of its old copy, and asks to be looked at then", () => {
    const delivered = ingressAt(NOW_MS + 5_999, hostsAfter(NOW_MS));
    expect(delivered.ingress?.status).toBe("Unknown");
    expect(delivered.wake).toMatchObject({ atMs: NOW_MS + 6_000 });
  });

  test("is True after that", () => {
    const settled = ingressAt(NOW_MS + 6_000, hostsAfter(NOW_MS));
    expect(settled.ingress?.status).toBe("True");
    expect(settled.wake).toBeUndefined();
  });

  test("is Unknown until no gateway answers on a host that was given up, and forgets it then", () => {
    const left = { host: "green-hello.default.example.com", entry: null, routeUid: ROUTE.metadata.uid };
    const at = (leftAtMs: number | null) =>
      ingressAt(NOW_MS, [...hostsAfter(NOW_MS - 60_000), { ...left, deliveredAtMs: leftAtMs }]);
    expect(at(null)).toMatchObject({ ingress: { status: "Unknown" }, wake: undefined, forgotten: [] });
    expect(at(NOW_MS - 1)).toMatchObject({ ingress: { status: "Unknown" }, wake: { atMs: NOW_MS + 5_999 } });
    expect(at(NOW_MS - 6_000)).toMatchObject({ ingress: { status: "True" }, entries: [], forgotten: [left.host] });
  });

  test("is Unknown while a host is being given up", () => {
    const green = { ...hostsAfter(0)[0], host: "green-hello.default", deliveredAtMs: 0 } as RouteHost & {
      routeUid: string;
    };
    const leaving = ingressAt(NOW_MS, [...hostsAfter(NOW_MS - 60_000), green]);
    expect(leaving.entries).toMatchObject([{ host: "green-hello.default", entry: null }]);
    expect(leaving.ingress?.status).toBe("Unknown");
  });

  test("is False while another route has one of the hosts, and nothing is taken from it", () => {
    const hosts = hostsAfter(NOW_MS).map((row) => ({ ...row, routeUid: "uid-other" }));
    const refused = ingressAt(NOW_MS, hosts);
    expect(refused.ingress).toMatchObject({
      status: "False",
      reason: "NotOwned",
      message: 'There is an existing placeholder Service "hello" that we do not own.',
    });
    const mapped = ingressAt(NOW_MS, hosts.slice(-1));
    expect(mapped.ingress?.message).toBe(
      'The host "hello.default.example.com" is in use by another Route or a DomainMapping.',
    );
    expect(refused.entries).toEqual([]);
    expect(refused.wake).toBeUndefined();
    expect(refused.waits).toContain("hello.default.example.com");
  });

  test("does without a short name that somebody's domain is", () => {
    const hosts = hostsAfter(NOW_MS - 6_000).map((row) =>
      row.host === "hello.default" ? { ...row, routeUid: "uid-mapping" } : row,
    );
    const settled = ingressAt(NOW_MS, hosts);
    expect(settled.ingress?.status).toBe("True");
    expect(settled.entries).toEqual([]);
    expect(settled.waits).toEqual(["hello.default"]);
  });
});

test("a target that goes bad leaves the entries as they are", () => {
  const failed = revision("hello-00001", "False");
  const observed = observedOf([ROUTE, failed], { hosts: hostsAfter(NOW_MS) });
  expect(reconcileRoute(ROUTE, observed, SETTINGS).filter((write) => write.type === "entry")).toEqual([]);
});

test("a removed route gives up all its hosts", () => {
  const observed = observedOf([], { hosts: hostsAfter(NOW_MS) });
  const writes = releaseHosts(ROUTE.metadata.uid, observed);
  expect(writes).toHaveLength(4);
  expect(writes.every((write) => write.type === "entry" && write.entry === null)).toBe(true);
});
