import { describe, expect, test } from "vitest";
import { defaultNetworkConfig } from "../../../src/core/config/network-config.ts";
import type { Observed, Settings } from "../../../src/core/reconcile/observed.ts";
import { reconcileRoute } from "../../../src/core/reconcile/route.ts";
import { LABEL_ROUTE, LABEL_VISIBILITY } from "../../../src/core/resource/annotations.ts";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import { controllerReference, type KubeObject } from "../../../src/core/resource/object.ts";
import type { Route } from "../../../src/core/resource/serving.ts";
import { observedOf, revision, route, SETTINGS } from "./fixtures.ts";

const TRAFFIC = [
  { revisionName: "hello-00001", percent: 100 },
  { revisionName: "hello-00001", tag: "green", percent: 0 },
];

function placeholder(name: string, labels: Record<string, string>): KubeObject {
  const ownerReferences = [controllerReference(route("hello", []))];
  const object = route(name, [], { labels, uid: `placeholder-${name}`, ownerReferences });
  return { ...object, apiVersion: "v1", kind: "CoreService" };
}

function reconcile(object: Route, settings: Settings = SETTINGS, others: readonly KubeObject[] = []) {
  const observed: Observed = observedOf([object, revision("hello-00001", "True"), ...others]);
  const writes = reconcileRoute(object, observed, settings);
  const written = writes.find((write) => write.type === "update-status");
  const entries = writes.flatMap((write) => (write.type === "entry" ? [write.host] : []));
  return { entries, status: written?.type === "update-status" ? (written.object as Route).status : object.status };
}

function withNetwork(network: Partial<Settings["config"]["network"]>): Settings {
  return { ...SETTINGS, config: { ...SETTINGS.config, network: { ...defaultNetworkConfig(), ...network } } };
}

describe("the placeholder Service of a target", () => {
  const hide = (name: string, owner: string, value: string) =>
    placeholder(name, { [LABEL_ROUTE]: owner, [LABEL_VISIBILITY]: value });

  test("hides that target alone, by any value of the visibility label", () => {
    const { entries, status } = reconcile(route("hello", TRAFFIC), SETTINGS, [hide("green-hello", "hello", "hidden")]);
    expect(entries).toContain("hello.default.example.com");
    expect(entries).not.toContain("green-hello.default.example.com");
    expect(status?.url).toBe("http://hello.default.example.com");
    expect(status?.traffic?.[1]?.url).toBe("http://green-hello.default.svc.cluster.local");
  });

  test("that is labelled for another route, or has an empty label, hides nothing", () => {
    const others = [hide("hello", "other", "cluster-local"), hide("green-hello", "hello", "")];
    const { entries } = reconcile(route("hello", TRAFFIC), SETTINGS, others);
    expect(entries).toContain("hello.default.example.com");
    expect(entries).toContain("green-hello.default.example.com");
  });
});

test("a tag template that makes two labels makes no hosts: they would look like those of another namespace", () => {
  const { entries, status } = reconcile(route("hello", TRAFFIC), withNetwork({ tagTemplate: "{{.Tag}}.{{.Name}}" }));
  expect(entries).toEqual([]);
  expect(findCondition(status, "IngressReady")).toMatchObject({
    status: "False",
    reason: "InvalidDomainName",
    message: expect.stringContaining('invalid name "green.hello" of a tag'),
  });
});

test("no route has the host of the API, where requests would never reach it", () => {
  const settings = withNetwork({ domainTemplate: "{{.Name}}.{{.Domain}}" });
  const { entries, status } = reconcile(route("rouse", [{ revisionName: "hello-00001", percent: 100 }]), settings);
  expect(entries).toEqual([]);
  expect(findCondition(status, "IngressReady")).toMatchObject({ status: "False", reason: "InvalidDomainName" });
  expect(findCondition(status, "IngressReady")?.message).toContain(
    'invalid domain name "rouse.example.com": it is the host of the API',
  );
});

test("labels and annotations of the route are in reach of the domain template", () => {
  const settings = withNetwork({
    domainTemplate: '{{.Name}}.{{.Labels.team}}.{{index .Annotations "zone"}}.{{.Domain}}',
  });
  const object = route("hello", TRAFFIC, { labels: { team: "blue" }, annotations: { zone: "eu" } });
  expect(reconcile(object, settings).status?.url).toBe("http://hello.blue.eu.example.com");
});

test("a tag that its template names like the route takes nothing from the default target", () => {
  const traffic = [
    { revisionName: "hello-00001", percent: 100 },
    { revisionName: "hello-00002", tag: "green", percent: 0 },
  ];
  const observed = observedOf([revision("hello-00001", "True"), revision("hello-00002", "True")]);
  const writes = reconcileRoute(route("hello", traffic), observed, withNetwork({ tagTemplate: "{{.Name}}" }));
  const revisions = writes.flatMap((write) => (write.type === "entry" ? (write.entry?.targets ?? []) : []));
  expect(new Set(revisions.map((target) => target.revision))).toEqual(new Set(["hello-00001"]));
});

describe("a route with a host that cannot be", () => {
  const impossible = route("hello", [...TRAFFIC, { revisionName: "hello-00001", tag: "t".repeat(60), percent: 0 }]);

  test("says which and why, and changes nothing for callers", () => {
    const { entries, status } = reconcile(impossible);
    const name = `${"t".repeat(60)}-hello`;
    expect(entries).toEqual([]);
    expect(findCondition(status, "IngressReady")).toMatchObject({
      status: "False",
      reason: "InvalidDomainName",
      message:
        `invalid domain name "${name}.default.example.com": "${name}" must be no more than 63 characters ` +
        "(see config-domain and config-network in namespace knative-serving)",
    });
    expect(findCondition(status, "Ready")?.status).toBe("False");
  });

  test("keeps the URL and the traffic that it had", () => {
    const status = { url: "http://hello.default.old.com", traffic: [{ revisionName: "hello-00001", percent: 100 }] };
    const settings = withNetwork({ domainTemplate: "{{.Name}}_{{.Domain}}" });
    expect(reconcile({ ...route("hello", TRAFFIC), status }, settings).status).toMatchObject(status);
  });

  test("learns what its template asks for and it does not have", () => {
    const settings = withNetwork({ domainTemplate: "{{if .Labels.x}}{{.NoSuch}}{{end}}{{.Name}}.{{.Domain}}" });
    const { status } = reconcile(route("hello", TRAFFIC, { labels: { x: "1" } }), settings);
    expect(findCondition(status, "IngressReady")?.message).toContain("can't evaluate field NoSuch");
  });
});
