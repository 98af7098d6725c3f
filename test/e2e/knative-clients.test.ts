/** Rouse as kn meets it: the same requests, the same watches and the same conclusions, without the binary. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withAnnotations, withContainer, withTemplateMetadata, withTraffic } from "./clients/changes.ts";
import { Kn } from "./clients/kn.ts";
import { condition, isReady, type KnativeObject, type TrafficTarget } from "./clients/objects.ts";
import { StatusError, Wire } from "./clients/wire.ts";
import { app, hostOf } from "./fixtures/services.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { until } from "./harness/until.ts";

const GENERATION = "serving.knative.dev/configurationGeneration";
const CREATOR = "serving.knative.dev/creator";
const DELETIONS = 20;

let rouse: Rouse;
let kn: Kn;

beforeAll(async () => {
  rouse = await startRouse();
  kn = new Kn(new Wire(rouse));
});
afterAll(async () => {
  await rouse?.stop();
});

const env = (value: string) => withContainer({ env: [{ name: "GREETING", value }] });
/** What `service export` keeps. */
const exportOf = ({ metadata, spec = {} }: KnativeObject): KnativeObject => {
  const { name = "", labels = {} } = metadata;
  return { metadata: { name, labels }, spec };
};
const bodyOf = async (host: string) => (await rouse.request(host, "/")).body;

describe.concurrent("kn service", () => {
  it("create waits until the Service is Ready, which then serves", async () => {
    const service = await kn.create(app("made"));
    expect(service?.status).toMatchObject({ observedGeneration: 1, latestReadyRevisionName: "made-00001" });
    expect(service?.status?.url).toBe("http://made.default.localhost");
    expect(await bodyOf(hostOf("made"))).toBe("hello from made-00001");
    expect(await kn.create(app("made"))).toBeNull();
  });

  it("create and update of what starts slower than the error window never see it fail", async () => {
    const seen = new Set<string>();
    const patient = new Kn(new Wire(rouse), "default", ({ status }) => seen.add(status));
    await patient.create(app("slow", { env: { START_DELAY_MS: "2500" } }));
    await patient.update("slow", withContainer({ image: "rouse.dev/test/slow2" }));
    expect(seen).toEqual(new Set(["Unknown", "True"]));
    expect(await bodyOf(hostOf("slow"))).toBe("hello from slow-00002");
  });

  it("create --force replaces what is there, except for who made it", async () => {
    const first = await kn.create(withAnnotations({ note: "old" })(app("forced")));
    const second = await kn.create(env("two")(app("forced")), { force: true });
    expect(second?.metadata).toMatchObject({ generation: 2, uid: first?.metadata.uid });
    expect(second?.metadata.annotations?.[CREATOR]).toBe(first?.metadata.annotations?.[CREATOR]);
    expect(second?.metadata.annotations?.[CREATOR]).toBeTruthy();
    expect(second?.metadata.annotations).not.toHaveProperty("note");
    expect(await bodyOf(hostOf("forced"))).toBe("hello from forced-00002");
  });

  it("create tells why the Service failed when that has lasted for the error window", async () => {
    await expect(kn.create(app("crashing", { env: { EXIT_CODE: "7" } }))).rejects.toThrow(
      /^RevisionFailed: Revision "crashing-00001" failed with message: .*the database is not there/s,
    );
  });

  it("update answers with the new generation and waits for its revision, each time", async () => {
    await kn.create(app("updated"));
    for (const generation of [2, 3, 4]) {
      const [reply, ready] = await kn.update("updated", env(String(generation)));
      expect(reply.metadata.generation).toBe(generation);
      expect(reply.status?.observedGeneration).not.toBe(generation);
      expect(ready.status?.latestReadyRevisionName).toBe(`updated-0000${generation}`);
      expect(await bodyOf(hostOf("updated"))).toBe(`hello from updated-0000${generation}`);
    }
    const [same] = await kn.update("updated", (service) => service);
    expect(same.metadata.generation).toBe(4);
    expect(await kn.revisionsOf("updated")).toHaveLength(4);
  });

  it("update --revision-name, --tag and --traffic give each target its place and its URL", async () => {
    const named = (name: string) => withTemplateMetadata({ name });
    await kn.create(named("split-a")(app("split")));
    await kn.update("split", (service) => named("split-b")(env("two")(service)));
    const target = (tag: string, revision: string, percent: number) => ({
      tag,
      revisionName: `split-${revision}`,
      percent,
    });
    const latest = { latestRevision: true, percent: 100 };
    const splits: readonly (readonly TrafficTarget[])[] = [
      [latest, target("candidate", "a", 0)],
      [{ ...latest, tag: "current", percent: 98 }, target("candidate", "a", 2)],
      // Two tags of one revision are two targets, and so are the latest revision and the same one by its name.
      [target("stable", "a", 50), target("current", "a", 50)],
      [latest, target("old", "a", 0), target("latest", "b", 0)],
    ];
    for (const traffic of splits) {
      const [, ready] = await kn.update("split", withTraffic(traffic));
      const wanted = traffic.map(({ tag, revisionName = "split-b", ...rest }) => ({
        ...{ latestRevision: false, revisionName, ...rest },
        ...(tag === undefined ? {} : { tag, url: `http://${tag}-split.default.localhost` }),
      }));
      expect(ready.status?.traffic).toEqual(wanted);
      for (const { url, revisionName } of ready.status?.traffic ?? []) {
        if (url === undefined) continue;
        expect(await bodyOf(new URL(url).host)).toBe(`hello from ${revisionName}`);
      }
    }
    expect(await kn.revisionsOf("split")).toHaveLength(2);
  });

  it("apply creates, sees that nothing changed, changes, and takes away what is no longer said", async () => {
    const manifest = app("applied");
    expect(await kn.apply(manifest)).toBe("created");
    expect(await kn.apply(manifest)).toBe("no changes");
    expect(await kn.apply(withAnnotations({ note: "new" })(env("two")(manifest)))).toBe("changed");
    expect(await bodyOf(hostOf("applied"))).toBe("hello from applied-00002");
    expect(await kn.apply(env("two")(manifest))).toBe("no changes");
    const { metadata } = await kn.get("services", "applied");
    expect(metadata.generation).toBe(2);
    expect(metadata.annotations).not.toHaveProperty("note");
  });

  it("describe and export find what they read", async () => {
    await kn.create(app("described"));
    await kn.update("described", env("two"));
    const { status = {} } = await kn.get("services", "described");
    const target = status.traffic?.[0]?.revisionName ?? "";
    const revision = await kn.get("revisions", target);
    expect(Number.parseInt(revision.metadata.labels?.[GENERATION] ?? "", 10)).toBe(2);
    expect(revision.metadata.labels?.["serving.knative.dev/service"]).toBe("described");
    expect(revision.status).toMatchObject({ desiredReplicas: 1, actualReplicas: 1 });
    expect(status.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      ...["ConfigurationsReady True", "Ready True", "RoutesReady True"],
    ]);
    expect(status.address?.url).toBe("http://described.default.svc.cluster.local");
    const generations = (await kn.revisionsOf("described")).map(({ metadata }) => metadata.labels?.[GENERATION]);
    expect(generations.toSorted()).toEqual(["1", "2"]);
    for (const type of ["ContainerHealthy", "ResourcesAvailable", "Ready", "Active"]) {
      expect(condition(revision, type)?.status).toBe("True");
    }
    expect(condition(revision, "Active")?.severity).toBe("Info");
  });

  it("import brings back what export --with-revisions took down, old revisions included", async () => {
    const named = (name: string) => withTemplateMetadata({ name });
    await kn.create(named("moved-one")(app("moved")));
    await kn.update("moved", (service) => named("moved-two")(env("two")(service)));
    const half = (revisionName: string) => ({ revisionName, percent: 50 });
    const [, service] = await kn.update("moved", withTraffic([half("moved-one"), half("moved-two")]));
    const old = (await kn.revisionsOf("moved")).filter(({ metadata }) => metadata.name !== "moved-two");
    const exported = old.map(exportOf);
    await kn.deleteAndWait("moved", "both");

    const imported = await kn.import(exportOf(service), exported);
    expect(imported.status?.traffic).toMatchObject([half("moved-one"), half("moved-two")]);
    const bodies = new Set(await Promise.all(Array.from({ length: 40 }, () => bodyOf(hostOf("moved")))));
    expect([...bodies].toSorted()).toEqual(["hello from moved-one", "hello from moved-two"]);
    await expect(kn.import(exportOf(service), exported)).rejects.toThrow("already exists");
    await kn.deleteAndWait("moved", "both");
    await until("no revision", async () => ((await kn.revisionsOf("moved")).length === 0 ? true : null));
  });

  it("delete is refused for what is not there in the words that kn shows", async () => {
    const refusal = await kn.delete("services", "nothing").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StatusError);
    expect(refusal).toMatchObject({ code: 404, reason: "NotFound" });
    expect(refusal).toMatchObject({ message: 'services.serving.knative.dev "nothing" not found' });
  });
});

describe.concurrent("kn revision, route and domain", () => {
  it("revision delete removes one that nothing needs", async () => {
    await kn.create(app("pruned"));
    await kn.update("pruned", env("two"));
    await kn.delete("revisions", "pruned-00001");
    const left = await until("one revision", async () => {
      const revisions = await kn.revisionsOf("pruned");
      return revisions.length === 1 ? revisions : null;
    });
    expect(left).toMatchObject([{ metadata: { name: "pruned-00002" } }]);
    expect(await bodyOf(hostOf("pruned"))).toBe("hello from pruned-00002");
  });

  it("revision delete of the latest one is followed by another of its name", async () => {
    const first = await kn.create(app("latest"));
    const { metadata } = await kn.get("revisions", "latest-00001");
    await kn.delete("revisions", "latest-00001");
    await until("another revision", async () => {
      const revision = await kn.get("revisions", "latest-00001").catch(() => null);
      return revision !== null && revision.metadata.uid !== metadata.uid && isReady(revision) ? true : null;
    });
    const again = await kn.waitForReady("latest");
    expect(again.metadata.generation).toBe(first?.metadata.generation);
    expect(await bodyOf(hostOf("latest"))).toBe("hello from latest-00001");
  });

  it("revision delete --wait ends, whether the watch or the DELETE is first", async () => {
    await kn.create(app("waited"));
    for (const generation of [2, 3, 4]) await kn.update("waited", env(String(generation)));
    await Promise.all([
      kn.deleteAndWait("waited-00001", "watch", "revisions"),
      kn.deleteAndWait("waited-00002", "delete", "revisions"),
      kn.deleteAndWait("waited-00003", "both", "revisions"),
    ]);
    expect(await kn.revisionsOf("waited")).toHaveLength(1);
  });

  it("route describe reads the route of a Service", async () => {
    await kn.create(app("routed"));
    const { status, metadata } = await kn.get("routes", "routed");
    expect(metadata.labels?.["serving.knative.dev/service"]).toBe("routed");
    expect(status?.url).toBe("http://routed.default.localhost");
    expect(status?.traffic).toEqual([{ revisionName: "routed-00001", percent: 100, latestRevision: true }]);
  });

  it("domain create maps a domain, and reads it as v1alpha1", async () => {
    await kn.create(app("mapped"));
    const created = await kn.mapDomain("kn.example.org", "mapped");
    expect(created.apiVersion).toBe("serving.knative.dev/v1alpha1");
    await until("a ready domain", async () => (isReady(await domain("kn.example.org")) ? true : null));
    expect((await domain("kn.example.org")).status?.url).toBe("http://kn.example.org");
    expect(await bodyOf("kn.example.org")).toBe("hello from mapped-00001");
    await kn.delete("domainmappings", "kn.example.org");
    await expect(domain("kn.example.org")).rejects.toMatchObject({ reason: "NotFound" });
  });

  const domain = (name: string): Promise<KnativeObject> => kn.get("domainmappings", name);
});

it(`service delete --wait ends, whether the watch or the DELETE is first, ${DELETIONS} times`, async () => {
  const orders = ["watch", "delete", "both"] as const;
  for (let n = 0; n < DELETIONS; n += 1) {
    const name = `gone-${n}`;
    const created = await kn.create(app(name));
    expect(created?.metadata.name).toBe(name);
    await kn.deleteAndWait(name, orders[n % orders.length] ?? "both");
    await expect(kn.get("services", name)).rejects.toMatchObject({ reason: "NotFound" });
  }
});
