/**
 * What Knative's API test programs expect of traffic: splits, tags, domains, and that no request is lost whatever changes.
 * Source: serving/test/conformance/api/v1 (service, blue_green, volumes), serving/test/e2e (domainmapping, scale, envvars)
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withImage, withLabels, withTemplateMetadata, withTraffic } from "./clients/changes.ts";
import { expectDistribution, expectServes, hostOfUrl } from "./clients/expectations.ts";
import { GoClient, nameOf } from "./clients/go-client.ts";
import { answeringService, bareService, mappingTo } from "./clients/manifests.ts";
import { condition, isReady, type KnativeObject, type TrafficTarget } from "./clients/objects.ts";
import { type Prober, probe } from "./clients/prober.ts";
import { Wire } from "./clients/wire.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";

const ROUTING_STATE = "serving.knative.dev/routingState";
const VISIBILITY = "networking.knative.dev/visibility";
const SERVICES_AT_ONCE = 10;
const RECREATIONS = 5;

let rouse: Rouse;
let go: GoClient;

beforeAll(async () => {
  rouse = await startRouse();
  go = new GoClient(new Wire(rouse));
});
afterAll(async () => {
  await rouse?.stop();
});

/** Ready, with exactly these targets; their URLs are not compared. */
async function waitForTraffic(name: string, wanted: readonly TrafficTarget[]): Promise<KnativeObject> {
  const shape = (targets: readonly TrafficTarget[]) =>
    targets.map(({ tag, revisionName, percent = 0, latestRevision = false }) =>
      JSON.stringify({ tag, revisionName, percent, latestRevision }),
    );
  const isWanted = (service: KnativeObject) =>
    isReady(service) && String(shape(service.status?.traffic ?? [])) === String(shape(wanted));
  return go.waitFor("services", name, isWanted);
}

describe("a Service whose traffic is split", () => {
  let service: KnativeObject;
  const name = "release";
  const first = "hello from release-00001";
  const second = "hello from release-00002";
  const third = "hello from release-00003";

  const split = async (traffic: readonly TrafficTarget[]) => {
    service = await go.patch("services", service, withTraffic(traffic));
  };
  const current = { tag: "current", revisionName: "release-00001" };
  const latest = (revisionName: string) => ({ tag: "latest", revisionName, percent: 0, latestRevision: true });

  /** Each host answers with these bodies, and with no other. */
  const expectHosts = async (hosts: Readonly<Record<string, readonly string[]>>) => {
    const host = hostOfUrl(service);
    await Promise.all(
      Object.entries(hosts).map(([tag, bodies]) =>
        expectDistribution(rouse, tag === "" ? host : `${tag}-${host}`, bodies),
      ),
    );
  };

  beforeAll(async () => {
    service = (await go.createReady(bareService({ name }))).service;
  });

  it("1. is pinned to the revision that is also the latest", async () => {
    await split([{ ...current, percent: 100 }, { tag: "latest" }]);
    service = await waitForTraffic(name, [{ ...current, percent: 100 }, latest("release-00001")]);
    await expectHosts({ "": [first], latest: [first], current: [first] });
  });

  it("2. stays pinned when there is a later one, which has its own URL", async () => {
    service = await go.patch("services", service, withImage("app2"));
    await go.waitForNextRevision("services", name, "release-00001");
    service = await waitForTraffic(name, [{ ...current, percent: 100 }, latest("release-00002")]);
    await expectHosts({ "": [first], latest: [second], current: [first] });
  });

  it("3. is rolled out to half of the requests", async () => {
    const candidate = { tag: "candidate", revisionName: "release-00002", percent: 50 };
    await split([{ ...current, percent: 50 }, candidate, { tag: "latest" }]);
    service = await waitForTraffic(name, [{ ...current, percent: 50 }, candidate, latest("release-00002")]);
    await expectHosts({ "": [first, second], candidate: [second], latest: [second], current: [first] });
  });

  it("4. stays half and half when there is a third one", async () => {
    const candidate = { tag: "candidate", revisionName: "release-00002", percent: 50 };
    service = await go.patch("services", service, withImage("app3"));
    await go.waitForNextRevision("services", name, "release-00002");
    service = await waitForTraffic(name, [{ ...current, percent: 50 }, candidate, latest("release-00003")]);
    await expectHosts({ "": [first, second], candidate: [second], latest: [third], current: [first] });
  });

  it("5. gives the half to whatever is the latest", async () => {
    await split([{ ...current, percent: 50 }, { tag: "candidate", percent: 50 }, { tag: "latest" }]);
    const candidate = { ...latest("release-00003"), tag: "candidate", percent: 50 };
    service = await waitForTraffic(name, [{ ...current, percent: 50 }, candidate, latest("release-00003")]);
    await expectHosts({ "": [first, third], candidate: [third], latest: [third], current: [first] });
  });
});

it("blue and green change places under load, without one failed request", async () => {
  const { service } = await go.createReady(bareService({ name: "colours" }));
  const host = hostOfUrl(service);
  const prober = probe(rouse.port, host);
  const updated = await go.patch("services", service, withImage("app2"));
  await go.waitForNextRevision("services", "colours", "colours-00001");
  const target = (tag: string, revision: number, percent: number) => ({
    ...{ tag, revisionName: `colours-0000${revision}`, percent },
  });
  let present = updated;
  for (const blue of [50, 0, 100, 20, 0]) {
    const traffic = [target("blue", 1, blue), target("green", 2, 100 - blue)];
    await go.patch("services", present, withTraffic(traffic));
    present = await waitForTraffic("colours", traffic);
    await prober.more(50);
    const urls = present.status?.traffic?.map(({ url }) => url);
    expect(urls).toEqual([`http://blue-${host}`, `http://green-${host}`]);
    await expectServes(rouse, `blue-${host}`, "hello from colours-00001");
    await expectServes(rouse, `green-${host}`, "hello from colours-00002");
  }
  await expectDistribution(rouse, host, ["hello from colours-00002"]);
  await go.patch("services", present, withTraffic([{ latestRevision: true, percent: 100 }]));
  await waitForTraffic("colours", [{ revisionName: "colours-00002", percent: 100, latestRevision: true }]);
  const isReserve = ({ metadata }: KnativeObject) => metadata.labels?.[ROUTING_STATE] === "reserve";
  await go.waitFor("revisions", "colours-00001", isReserve);
  expect((await go.get("revisions", "colours-00002")).metadata.labels?.[ROUTING_STATE]).toBe("active");
  const { bodies } = await prober.stop();
  expect([...bodies].toSorted()).toEqual(["hello from colours-00001", "hello from colours-00002"]);
}, 60_000);

it("a domain belongs to who claimed it first, and goes to the next when that one is gone", async () => {
  const domain = "claimed.example.org";
  const other = "elsewhere";
  await Promise.all([
    go.createReady(bareService({ name: "owner" })),
    go.create("services", bareService({ name: "heir", namespace: other })),
  ]);
  await go.waitFor("services", "heir", isReady, other);
  const unnamed = mappingTo("owner", { generateName: "claimed" });
  await expect(go.create("domainmappings", unnamed)).rejects.toMatchObject({ code: 400 });

  await go.create("domainmappings", mappingTo("owner", { name: domain }));
  const mapping = await go.waitFor("domainmappings", domain, isReady);
  expect(mapping.status).toMatchObject({ url: `http://${domain}` });
  for (const type of ["CertificateProvisioned", "DomainClaimed", "IngressReady", "ReferenceResolved"]) {
    expect(condition(mapping, type)?.status).toBe("True");
  }
  await expectServes(rouse, domain, "hello from owner-00001");

  await go.create("domainmappings", mappingTo("heir", { name: domain, namespace: other }));
  const isRefused = (object: KnativeObject) => condition(object, "DomainClaimed")?.status === "False";
  const second = await go.waitFor("domainmappings", domain, isRefused, other);
  expect(condition(second, "DomainClaimed")).toMatchObject({
    reason: "DomainAlreadyClaimed",
    message: "The domain name is already in use by another DomainMapping",
  });
  await expectServes(rouse, domain, "hello from owner-00001");

  await go.delete("domainmappings", domain);
  await go.waitFor("domainmappings", domain, isReady, other);
  await expectServes(rouse, domain, "hello from heir-00001");
});

it("a Service that names its revision and pins its traffic to it is rolled back with its whole spec", async () => {
  const atRevision = (name: string) => (object: KnativeObject) =>
    withTraffic([{ revisionName: name, percent: 100 }])(withTemplateMetadata({ name })(object));
  const { service } = await go.createReady(atRevision("rolled-old")(bareService({ name: "rolled" })));
  const prober = probe(rouse.port, hostOfUrl(service));
  const updated = await go.patch("services", service, (object) => withImage("app2")(atRevision("rolled-new")(object)));
  expect(await go.waitForNextRevision("services", "rolled", "rolled-old")).toBe("rolled-new");
  await waitForTraffic("rolled", [{ revisionName: "rolled-new", percent: 100 }]);
  await go.patch("services", updated, (object) => ({ ...object, spec: service.spec ?? {} }));
  const { status } = await waitForTraffic("rolled", [{ revisionName: "rolled-old", percent: 100 }]);
  expect(status).toMatchObject({ latestCreatedRevisionName: "rolled-old", latestReadyRevisionName: "rolled-old" });
  await prober.more(20);
  expect((await prober.stop()).bodies).toEqual(new Set(["hello from rolled-old", "hello from rolled-new"]));
});

it("a target that is labelled cluster-local is private by itself, and as long as the whole Route is", async () => {
  const local = ".svc.cluster.local";
  const privacy = ({ status }: KnativeObject) =>
    [status, ...(status?.traffic ?? [])].map((each) => new URL(each?.url ?? "").host.endsWith(local));
  const becomes = (...wanted: readonly boolean[]) =>
    go.waitFor("routes", "partly", (route) => isReady(route) && String(privacy(route)) === String(wanted));
  const both = [
    { tag: "one", latestRevision: true, percent: 50 },
    { tag: "two", latestRevision: true, percent: 50 },
  ];
  const { service, route } = await go.createReady(bareService({ name: "partly" }, both));
  expect(privacy(route)).toEqual([false, false, false]);

  const placeholder = await go.get("placeholders", "one-partly");
  expect(placeholder.metadata.labels?.["serving.knative.dev/route"]).toBe("partly");
  await go.patch("placeholders", placeholder, withLabels({ [VISIBILITY]: "cluster-local" }));
  await becomes(false, true, false);
  await expectServes(rouse, "two-partly.default.localhost", "hello from partly-00001");
  expect((await rouse.request("one-partly.default.localhost", "/")).status).toBe(404);

  await go.patch("services", service, withLabels({ [VISIBILITY]: "cluster-local" }));
  await becomes(true, true, true);
  const hidden = await go.waitFor("services", "partly", isReady);
  await go.patch("services", hidden, withLabels({ [VISIBILITY]: null }));
  await becomes(false, true, false);
});

it("a Service that is deleted can be made again at once, as often as one likes", async () => {
  for (let n = 0; n < RECREATIONS; n += 1) {
    const { service } = await go.createReady(bareService({ name: "phoenix" }));
    await expectServes(rouse, hostOfUrl(service), "hello from phoenix-00001");
    await go.delete("services", "phoenix");
  }
});

it("Pods are listed by labels and by phase", async () => {
  await go.createReady(bareService({ name: "counted" }));
  const query = "labelSelector=serving.knative.dev%2Fconfiguration%3Dcounted&fieldSelector=status.phase%3DRunning";
  expect(await go.list("pods", query)).toHaveLength(1);
  expect(await go.list("pods", query.replace("Running", "Pending"))).toHaveLength(0);
});

it("a container has its environment, and what ConfigMaps and Secrets give it", async () => {
  await go.create("configmaps", { metadata: { name: "settings" }, data: { COLOUR: "red", SIZE: "7" } });
  await go.create("secrets", { metadata: { name: "keys" }, stringData: { KEY: "hidden" } });
  const spoken = ["COLOUR", "SIZE", "RENAMED", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"];
  const service = answeringService(
    { name: "informed" },
    `"${spoken.map((key) => `$${key}`).join(" ")}".replace(/\\$(\\w+)/g, (_, key) => process.env[key])`,
  );
  const envFrom = [{ configMapRef: { name: "settings" } }];
  const env = [{ name: "RENAMED", valueFrom: { secretKeyRef: { name: "keys", key: "KEY" } } }];
  const [container = {}] = service.spec?.template?.spec.containers ?? [];
  const template = { spec: { containers: [{ ...container, envFrom, env }] } };
  const { route } = await go.createReady({ ...service, spec: { template } });
  await expectServes(rouse, hostOfUrl(route), "red 7 hidden informed informed informed-00001");
});

it(`${SERVICES_AT_ONCE} Services that are made at once are Ready, serve at once, and go on serving`, async () => {
  const probers: Prober[] = [];
  const makeOne = async (index: number) => {
    const { service, revision } = await go.createReady(bareService({ name: `scale-${index}` }));
    const host = hostOfUrl(service);
    await expectServes(rouse, host, `hello from ${nameOf(revision)}`);
    probers.push(probe(rouse.port, host));
  };
  await Promise.all(Array.from({ length: SERVICES_AT_ONCE }, (_, index) => makeOne(index)));
  await Promise.all(probers.map((prober) => prober.more(20)));
  for (const prober of probers) expect((await prober.stop()).bodies.size).toBe(1);
  const names = Array.from({ length: SERVICES_AT_ONCE }, (_, index) => `scale-${index}`);
  await Promise.all(names.map((name) => go.delete("services", name)));
  await Promise.all(names.map((name) => go.waitForGone("services", name)));
});
