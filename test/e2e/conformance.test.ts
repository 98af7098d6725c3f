/**
 * What Knative's API test programs do to a system and expect of it, with the process driver in the place of images.
 * Source: serving/test/conformance/api/v1, serving/test/e2e
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withAnnotations, withContainer, withImage, withLabels, withTemplateMetadata } from "./clients/changes.ts";
import { expectControlPlane, expectServes, hostOfUrl } from "./clients/expectations.ts";
import { GoClient, nameOf } from "./clients/go-client.ts";
import { bareConfiguration, bareService, routeTo } from "./clients/manifests.ts";
import {
  condition,
  isFailed,
  isObserved,
  isReady,
  isServiceAndChildrenFailed,
  type KnativeObject,
} from "./clients/objects.ts";
import { probe } from "./clients/prober.ts";
import { Wire } from "./clients/wire.ts";
import { app } from "./fixtures/services.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";

const CREATOR = "serving.knative.dev/creator";
const LAST_MODIFIER = "serving.knative.dev/lastModifier";

let rouse: Rouse;
let go: GoClient;

beforeAll(async () => {
  rouse = await startRouse();
  go = new GoClient(new Wire(rouse));
});
afterAll(async () => {
  await rouse?.stop();
});

describe.concurrent("a Service", () => {
  it("is created and updated: image, labels and annotations of its template, without one failed request", async () => {
    const { service, route, configuration, revision } = await go.createReady(bareService({ name: "lifecycle" }));
    expect(revision.metadata.labels).toMatchObject({
      "serving.knative.dev/configuration": "lifecycle",
      "serving.knative.dev/service": "lifecycle",
      "serving.knative.dev/routingState": "active",
    });
    for (const child of [route, configuration]) {
      expect(child.metadata.labels?.["serving.knative.dev/service"]).toBe("lifecycle");
    }
    for (const { metadata } of [service, route, configuration]) {
      expect(metadata.annotations?.[CREATOR]).toBeTruthy();
      expect(metadata.annotations?.[LAST_MODIFIER]).toBeTruthy();
    }
    await expectControlPlane(go, "lifecycle", "lifecycle-00001", "1");
    const host = hostOfUrl(service);
    await expectServes(rouse, host, "hello from lifecycle-00001");
    const prober = probe(rouse.port, host);
    const changes = [
      withImage("app2"),
      withTemplateMetadata({ labels: { labelX: "abc", labelY: "def" } }),
      withTemplateMetadata({ annotations: { annotationA: "123", annotationB: "456" } }),
    ];
    let before = nameOf(revision);
    let present = service;
    for (const [index, change] of changes.entries()) {
      present = await go.patch("services", present, change);
      before = await go.waitForNextRevision("services", "lifecycle", before);
      expect(before).toBe(`lifecycle-0000${index + 2}`);
      await go.waitFor("services", "lifecycle", isReady);
      await expectControlPlane(go, "lifecycle", before, String(index + 2));
      await expectServes(rouse, host, `hello from ${before}`);
    }
    expect((await prober.stop()).bodies.size).toBe(4);
  });

  it("that brings its revision's name keeps it, and cannot change what the name stands for", async () => {
    const named = (name: string) => withTemplateMetadata({ name });
    const { service, revision } = await go.createReady(named("byo-first")(bareService({ name: "byo" })));
    expect(nameOf(revision)).toBe("byo-first");
    await expectControlPlane(go, "byo", "byo-first", "1");
    await expect(go.patch("services", service, withImage("app2"))).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining("Saw the following changes without a name change"),
    });
    const renamed = await go.patch("services", service, named("byo-second"));
    expect(await go.waitForNextRevision("services", "byo", "byo-first")).toBe("byo-second");
    // Back to the first: no third revision, and the first is the latest again.
    await go.patch("services", renamed, named("byo-first"));
    const rolledBack = await go.waitFor("services", "byo", isReady);
    expect(rolledBack.status).toMatchObject({
      latestCreatedRevisionName: "byo-first",
      latestReadyRevisionName: "byo-first",
    });
    await expectServes(rouse, hostOfUrl(rolledBack), "hello from byo-first");
  });

  it("hands its annotations on to Configuration and Route, and takes them back", async () => {
    const { service } = await go.createReady(bareService({ name: "annotated" }));
    const juicy = await go.patch("services", service, withAnnotations({ juicy: "jamba" }));
    expect(juicy.metadata.generation).toBe(1);
    await go.patch("services", juicy, withImage("app2"));
    const second = await go.waitForNextRevision("services", "annotated", "annotated-00001");
    await go.waitFor("services", "annotated", isReady);
    const given = await go.resources("annotated");
    for (const each of [given.service, given.route, given.configuration]) {
      expect(each.metadata.annotations?.juicy).toBe("jamba");
    }
    const dry = await go.patch("services", given.service, withAnnotations({ juicy: null }));
    await go.patch("services", dry, withImage("app3"));
    await go.waitForNextRevision("services", "annotated", second);
    await go.waitFor("services", "annotated", isReady);
    const taken = await go.resources("annotated");
    for (const each of [taken.route, taken.configuration])
      expect(each.metadata.annotations).not.toHaveProperty("juicy");
  });

  it("becomes private and its Route moves to the cluster's domain", async () => {
    const { service } = await go.createReady(bareService({ name: "private" }));
    await go.patch("services", service, withLabels({ "networking.knative.dev/visibility": "cluster-local" }));
    const isLocal = ({ status }: KnativeObject) => status?.url === "http://private.default.svc.cluster.local";
    await go.waitFor("routes", "private", isLocal);
    await go.waitFor("services", "private", (object) => isLocal(object) && isReady(object));
  });

  it("scales to its minimum before it is Ready", async () => {
    const { revision } = await go.createReady(
      app("minimum", { annotations: { "autoscaling.knative.dev/min-scale": "3" } }),
    );
    expect(revision.status?.actualReplicas).toBe(3);
  });

  it("with several containers and volumes is taken as Knative takes it", async () => {
    const volumeMounts = [{ name: "shared", mountPath: "/data" }];
    const containers = [
      { image: "rouse.dev/test/serving", ports: [{ containerPort: 8881 }], volumeMounts },
      { image: "rouse.dev/test/sidecar", volumeMounts },
    ];
    const template = { spec: { containers, volumes: [{ name: "shared", emptyDir: {} }] } };
    const created = await go.create("services", { ...bareService({ name: "several" }), spec: { template } });
    const taken = created.spec?.template?.spec.containers ?? [];
    expect(taken.map(({ name }) => name)).toEqual(["user-container-0", "user-container-1"]);
    expect(taken.map(({ readinessProbe }) => readinessProbe !== undefined)).toEqual([true, false]);
    expect(taken.map((container) => container.volumeMounts)).toEqual([volumeMounts, volumeMounts]);
    await go.delete("services", "several");
    await go.waitForGone("services", "several");
  });

  it("is refused as Knative refuses it", async () => {
    const refused = bareService({ name: "refused" });
    const template = { spec: { containers: [{ image: "a" }], serviceAccountName: "foo@bar.baz" } };
    const message = await go
      .create("services", { ...refused, spec: { template } })
      .catch((error: Error & { code?: number }) => `${error.code} ${error.message}`);
    expect(message).toMatch(/^400 admission webhook "validation.webhook.serving.knative.dev" denied the request: /);
    expect(message).toContain("foo@bar.baz: spec.template.spec.serviceAccountName");
    expect(message).toContain(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
        "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
    const misnamed = withContainer({ name: "&InvalidValue" })(refused);
    await expect(go.create("services", misnamed)).rejects.toMatchObject({ code: 400 });
    // The shape of v1alpha1.
    const legacy = { ...refused, spec: { runLatest: { configuration: { revisionTemplate: template } } } };
    await expect(go.create("services", legacy)).rejects.toMatchObject({ code: 400 });
    await expect(go.get("services", "refused")).rejects.toMatchObject({ reason: "NotFound" });
  });
});

describe.concurrent("generateName", () => {
  const prefix = "generated-by-a-name-of-at-most-44-characters";
  const isGenerated = new RegExp(`^${prefix}[a-zA-Z0-9\\-.]+$`);

  it("gives a Service a name with which it serves", async () => {
    const { service, route, revision } = await go.createReady(bareService({ generateName: prefix }));
    expect(nameOf(service)).toMatch(isGenerated);
    await expectServes(rouse, hostOfUrl(route), `hello from ${nameOf(revision)}`);
  });

  it("gives a Configuration and a Route names with which they serve", async () => {
    const config = await go.create("configurations", bareConfiguration({ generateName: prefix }));
    expect(nameOf(config)).toMatch(isGenerated);
    const revision = await go.waitForNextRevision("configurations", nameOf(config), "");
    const route = await go.create("routes", routeTo(nameOf(config), { generateName: prefix }));
    expect(nameOf(route)).toMatch(isGenerated);
    await expectServes(rouse, hostOfUrl(await go.waitFor("routes", nameOf(route), isReady)), `hello from ${revision}`);
  });
});

describe.concurrent("a Configuration, a Revision and a Route", () => {
  it("keep exactly the labels and annotations that were put on a Configuration, which makes no revision", async () => {
    await go.create("configurations", bareConfiguration({ name: "labelled" }));
    let config = await go.waitFor("configurations", "labelled", isReady);
    const revision = config.status?.latestReadyRevisionName ?? "";
    for (const change of [withLabels({ "label-x": "abc" }), withAnnotations({ "annotation-a": "123" })]) {
      const { metadata } = await go.update("configurations", change(config));
      config = await go.waitFor("configurations", "labelled", (object) => isObserved(object));
      expect(config.metadata.labels).toEqual(metadata.labels);
      expect(config.metadata.annotations).toEqual(metadata.annotations);
      expect(config.status?.latestCreatedRevisionName).toBe(revision);
    }
    expect(config.metadata).toMatchObject({ labels: { "label-x": "abc" }, annotations: { "annotation-a": "123" } });
    const { metadata } = await go.get("revisions", revision);
    expect({ ...metadata.labels, ...metadata.annotations }).not.toHaveProperty("label-x");
    expect({ ...metadata.labels, ...metadata.annotations }).not.toHaveProperty("annotation-a");
  });

  it("are found by name and in lists; a Revision's spec stays as it is", async () => {
    const { revision } = await go.createReady(bareService({ name: "listed" }));
    for (const plural of ["services", "configurations", "routes"] as const) {
      expect((await go.list(plural)).map(nameOf)).toContain("listed");
    }
    expect((await go.list("revisions")).map(nameOf)).toContain("listed-00001");
    await expect(
      go.update("revisions", { ...revision, spec: { ...revision.spec, timeoutSeconds: 7 } }),
    ).rejects.toMatchObject({ code: 400, message: expect.stringContaining("Immutable fields changed (-old +new)") });
    const labelled = await go.update(
      "revisions",
      withLabels({ mine: "yes" })(await go.get("revisions", "listed-00001")),
    );
    expect(labelled.metadata.labels?.mine).toBe("yes");
  });

  it("work together: the Route follows the Configuration and loses no request", async () => {
    const config = await go.create("configurations", bareConfiguration({ name: "followed" }));
    await go.create("routes", routeTo("followed", { name: "followed" }, "followed"));
    const first = await go.waitForNextRevision("configurations", "followed", "");
    const host = hostOfUrl(await go.waitFor("routes", "followed", isReady));
    await expectServes(rouse, host, `hello from ${first}`);
    const prober = probe(rouse.port, host);
    await go.patch("configurations", config, withImage("app2"));
    const second = await go.waitForNextRevision("configurations", "followed", first);
    const isAtSecond = ({ status }: KnativeObject) =>
      status?.traffic?.some(
        (each) => each.percent === 100 && each.revisionName === second && each.tag === "followed",
      ) === true;
    await go.waitFor("routes", "followed", (object) => isReady(object) && isAtSecond(object));
    await expectServes(rouse, host, `hello from ${second}`);
    await expectControlPlane(go, "followed", second, "2");
    await prober.stop();
  });
});

describe.concurrent("what fails", () => {
  it("a container that exits is told by Service, Configuration, Revision and Route", async () => {
    await go.create("services", app("exiting", { env: { EXIT_CODE: "7" } }));
    await go.waitFor("services", "exiting", isServiceAndChildrenFailed);
    const { service, configuration, revision, route } = await go.resources("exiting");
    expect(condition(revision, "ContainerHealthy")).toMatchObject({
      reason: "ExitCode7",
      message: expect.stringMatching(/^Container failed with: .*the database is not there/s),
    });
    expect(condition(configuration, "Ready")).toMatchObject({
      reason: "RevisionFailed",
      message: expect.stringMatching(/^Revision "exiting-00001" failed with message: /),
    });
    expect(configuration.status?.latestReadyRevisionName).toBeUndefined();
    expect(isFailed(route)).toBe(true);
    expect(condition(service, "RoutesReady")?.reason).toBeTruthy();
  });

  it("a later revision that fails leaves the traffic at the one before", async () => {
    const { service } = await go.createReady(bareService({ name: "degraded" }));
    await go.patch("services", service, withContainer({ env: [{ name: "EXIT_CODE", value: "3" }] }));
    const failed = await go.waitFor("services", "degraded", isFailed);
    expect(condition(failed, "ConfigurationsReady")?.status).toBe("False");
    expect(condition(failed, "RoutesReady")?.status).toBe("True");
    expect(failed.status).toMatchObject({ latestReadyRevisionName: "degraded-00001" });
    await expectServes(rouse, hostOfUrl(failed), "hello from degraded-00001");
  });

  it("traffic for a revision that is not there fails the Route, with its generation observed", async () => {
    const astray = bareService({ name: "astray" }, [{ revisionName: "foobar", percent: 100 }]);
    await go.create("services", astray);
    const service = await go.waitFor("services", "astray", isFailed);
    expect(condition(service, "RoutesReady")?.status).toBe("False");
    const route = await go.get("routes", "astray");
    expect(condition(route, "AllTrafficAssigned")).toMatchObject({
      reason: "RevisionMissing",
      message: 'Revision "foobar" referenced in traffic not found.',
    });
    expect(isFailed(route)).toBe(true);
  });
});
