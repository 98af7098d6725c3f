import { describe, expect, test } from "vitest";
import { reconcileDomainMapping } from "../../../src/core/reconcile/domain-mapping.ts";
import type { EntryDraft, RouteHost } from "../../../src/core/reconcile/observed.ts";
import type { DomainMapping } from "../../../src/core/resource/domain-mapping.ts";
import type { KubeObject } from "../../../src/core/resource/object.ts";
import { domainMapping, NOW_MS, observedOf, SETTINGS, service } from "./fixtures.ts";

const SERVICE = { ...service("hello"), status: { address: { url: "http://hello.default.svc.cluster.local" } } };
const MAPPING = domainMapping("shop.org", "hello");
const ENTRY: EntryDraft = {
  ...{ host: "hello.default.svc.cluster.local", routeUid: "uid-route", namespace: "default", route: "hello" },
  visibility: "cluster-local",
  targets: [{ revisionUid: "uid-1", revision: "hello-00001", percent: 100, timeoutSec: 300 }],
};
const ROUTED = { host: ENTRY.host, entry: ENTRY, deliveredAtMs: NOW_MS, routeUid: "uid-route" };

function reconciled(objects: readonly KubeObject[], hosts: readonly (RouteHost & { routeUid: string })[] = [ROUTED]) {
  const writes = reconcileDomainMapping(MAPPING, observedOf(objects, { hosts }), SETTINGS);
  const write = writes.find(({ type }) => type === "update-status");
  const { status } = (write?.type === "update-status" ? write.object : MAPPING) as DomainMapping;
  const conditions = (status?.conditions ?? []).map(({ type, status, reason, message }) => [
    type,
    { status, reason, message },
  ]);
  return {
    status,
    conditions: Object.fromEntries(conditions) as Record<string, object>,
    entries: writes.filter(({ type }) => type === "entry"),
  };
}

test("a mapping gets an entry of its own with the targets of the Service's route", () => {
  const { entries, conditions, status } = reconciled([SERVICE, MAPPING]);
  const entry = { ...ENTRY, host: "shop.org", visibility: "external" };
  expect(entries).toEqual([{ type: "entry", routeUid: "uid-shop.org", host: "shop.org", entry }]);
  expect(conditions).toMatchObject({
    CertificateProvisioned: { status: "True", reason: "TLSNotEnabled" },
    DomainClaimed: { status: "True" },
    ReferenceResolved: { status: "True" },
    IngressReady: { status: "Unknown", reason: "IngressNotConfigured" },
    Ready: { status: "Unknown" },
  });
  expect(status).toMatchObject({ url: "http://shop.org", address: { url: "http://shop.org" }, observedGeneration: 1 });
});

test("a mapping is Ready when its entry is served everywhere", () => {
  const entry: EntryDraft = { ...ENTRY, host: "shop.org", visibility: "external" };
  const own = { host: "shop.org", entry, deliveredAtMs: NOW_MS - 6_000, routeUid: "uid-shop.org" };
  expect(reconciled([SERVICE, MAPPING], [ROUTED, own]).conditions.Ready).toMatchObject({ status: "True" });
});

describe("a mapping whose reference leads nowhere", () => {
  test("gives its host up when the Service goes", () => {
    const entry: EntryDraft = { ...ENTRY, host: "shop.org", visibility: "external" };
    const own = { host: "shop.org", entry, deliveredAtMs: NOW_MS - 6_000, routeUid: "uid-shop.org" };
    const { entries, conditions } = reconciled([MAPPING], [own]);
    expect(entries).toEqual([{ type: "entry", routeUid: "uid-shop.org", host: "shop.org", entry: null }]);
    expect(conditions).toMatchObject({
      ReferenceResolved: {
        status: "False",
        reason: "ResolveFailed",
        message: 'failed to get object default/hello: services.serving.knative.dev "hello" not found',
      },
      IngressReady: { status: "Unknown" },
    });
  });

  test("waits for a Service that has no address yet", () => {
    expect(reconciled([service("hello"), MAPPING]).conditions.ReferenceResolved).toMatchObject({
      message:
        "address not set for Kind = Service, Namespace = default, Name = hello, APIVersion = serving.knative.dev/v1, Group = , Address = ",
    });
  });
});

test("a mapping that came second has no entry, and says why", () => {
  const first = domainMapping("shop.org", "other", { namespace: "earlier", uid: "uid-first" });
  const { entries, conditions } = reconciled([first, SERVICE, MAPPING]);
  expect(entries).toEqual([]);
  expect(conditions.DomainClaimed).toEqual({
    status: "False",
    reason: "DomainAlreadyClaimed",
    message: "The domain name is already in use by another DomainMapping",
  });
});

test("a host that a Route has is not taken from it", () => {
  const taken = { ...ROUTED, host: "shop.org", routeUid: "uid-elsewhere" };
  const { entries, conditions } = reconciled([SERVICE, MAPPING], [ROUTED, taken]);
  expect(entries).toEqual([]);
  expect(conditions.DomainClaimed).toMatchObject({ status: "False", reason: "DomainAlreadyClaimed" });
});
