import { describe, expect, test } from "vitest";
import { call, condition, eventually, get, mergePatch, post, put, remove, SERVING, serviceBody } from "./client.ts";

describe("create", () => {
  test("answers before anything is reconciled: generation 1 and no observedGeneration", async () => {
    const { status, body } = await post(`${SERVING}/services`, serviceBody("first"));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({ name: "first", namespace: "default", generation: 1 });
    expect(body.metadata.annotations["serving.knative.dev/creator"]).toBe("admin");
    expect(body.status?.observedGeneration).toBeUndefined();
    expect(body.spec.traffic).toEqual([{ latestRevision: true, percent: 100 }]);
  });

  test("leads to a Configuration, a Route and the first Revision", async () => {
    await post(`${SERVING}/services`, serviceBody("family"));
    const revision = await eventually(`${SERVING}/revisions/family-00001`, (body) => body.kind === "Revision");
    const configuration = (await get(`${SERVING}/configurations/family`)).body;
    const route = (await get(`${SERVING}/routes/family`)).body;
    expect(revision.metadata.ownerReferences[0].uid).toBe(configuration.metadata.uid);
    expect(revision.metadata.labels).toMatchObject({
      "serving.knative.dev/service": "family",
      "serving.knative.dev/configurationGeneration": "1",
    });
    expect(route.spec.traffic[0]).toMatchObject({ configurationName: "family", percent: 100 });
    const service = await eventually(`${SERVING}/services/family`, (body) => body.status?.url !== undefined);
    expect(service.status.url).toBe("http://family.default.apps.test");
    expect(service.status.observedGeneration).toBe(1);
    expect(condition(service, "Ready").status).toBe("Unknown");
  });

  test("refuses a second object of the same name as kubectl expects it", async () => {
    await post(`${SERVING}/services`, serviceBody("twice"));
    const { status, body } = await post(`${SERVING}/services`, serviceBody("twice"));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      kind: "Status",
      reason: "AlreadyExists",
      message: 'services.serving.knative.dev "twice" already exists',
      code: 409,
    });
  });

  test("makes up a name behind generateName", async () => {
    const body = { ...serviceBody(""), metadata: { generateName: "job-" } };
    expect((await post(`${SERVING}/services`, body)).body.metadata.name).toMatch(/^job-[b-z2-9]{5}$/);
  });

  test("with dryRun keeps nothing", async () => {
    expect((await post(`${SERVING}/services?dryRun=All`, serviceBody("dry"))).status).toBe(201);
    expect((await get(`${SERVING}/services/dry`)).status).toBe(404);
  });

  test("names the field that is wrong", async () => {
    const body = serviceBody("wrong");
    body.spec.template.spec.containers[0].env = [{ name: "PORT", value: "1" }];
    const refused = await post(`${SERVING}/services`, body);
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain(
      '"PORT" is a reserved environment variable: spec.template.spec.containers[0].env[0].name',
    );
  });

  test("prunes unknown fields, and refuses them under fieldValidation=Strict", async () => {
    const body = serviceBody("odd");
    body.spec.template.spec.colour = "green";
    const strict = await post(`${SERVING}/services?fieldValidation=Strict`, body);
    expect(strict.body.message).toContain('unknown field "spec.template.spec.colour"');
    expect((await post(`${SERVING}/services`, body)).body.spec.template.spec.colour).toBeUndefined();
  });

  test("warns of what it takes and does not do", async () => {
    const body = serviceBody("warned", { annotations: { "autoscaling.knative.dev/min-scal": "1" } });
    const { headers } = await post(`${SERVING}/services`, body);
    expect(headers.get("warning")).toBe(
      '299 - "unknown annotation autoscaling.knative.dev/min-scal: it has no effect"',
    );
    expect((await get(`${SERVING}/services/warned`)).headers.get("warning")).toBeNull();
  });

  test("takes YAML", async () => {
    const yaml = "kind: Service\nmetadata: {name: yam}\nspec: {template: {spec: {containers: [{image: a/b}]}}}\n";
    const created = await call("POST", `${SERVING}/services`, yaml, { "content-type": "application/yaml" });
    expect(created.status).toBe(201);
  });
});

describe("change", () => {
  test("a PUT without a change in the spec moves neither generation nor resourceVersion", async () => {
    await post(`${SERVING}/services`, serviceBody("calm"));
    const before = await eventually(`${SERVING}/services/calm`, (body) => condition(body, "Ready") !== undefined);
    const after = (await put(`${SERVING}/services/calm`, before)).body;
    expect(after.metadata).toEqual(before.metadata);
  });

  test("a PUT with a stale resourceVersion is a conflict", async () => {
    const created = (await post(`${SERVING}/services`, serviceBody("stale"))).body;
    await eventually(`${SERVING}/services/stale`, (body) => body.status?.observedGeneration === 1);
    const { status, body } = await put(`${SERVING}/services/stale`, created);
    expect(status).toBe(409);
    expect(body.message).toBe(
      'Operation cannot be fulfilled on services.serving.knative.dev "stale": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test("a merge patch of the template makes generation 2 and a second revision", async () => {
    await post(`${SERVING}/services`, serviceBody("grows"));
    await eventually(`${SERVING}/revisions/grows-00001`, (body) => body.kind === "Revision");
    const patch = { spec: { template: { spec: { containerConcurrency: 7 } } } };
    const patched = await mergePatch(`${SERVING}/services/grows`, patch);
    expect(patched.body.metadata.generation).toBe(2);
    const second = await eventually(`${SERVING}/revisions/grows-00002`, (body) => body.kind === "Revision");
    expect(second.spec.containerConcurrency).toBe(7);
  });

  test("a merge patch of a label alone keeps the generation and reaches the children", async () => {
    await post(`${SERVING}/services`, serviceBody("tagged"));
    await eventually(`${SERVING}/routes/tagged`, (body) => body.kind === "Route");
    const patched = await mergePatch(`${SERVING}/services/tagged`, { metadata: { labels: { team: "blue" } } });
    expect(patched.body.metadata.generation).toBe(1);
    await eventually(`${SERVING}/routes/tagged`, (body) => body.metadata.labels.team === "blue");
  });

  test("the creator cannot be changed", async () => {
    await post(`${SERVING}/services`, serviceBody("signed"));
    const patch = { metadata: { annotations: { "serving.knative.dev/creator": "mallory" } } };
    expect((await mergePatch(`${SERVING}/services/signed`, patch)).body.message).toContain(
      "annotation value is immutable",
    );
  });

  test("other patch types are refused with 415", async () => {
    await post(`${SERVING}/services`, serviceBody("patchy"));
    const refused = await call("PATCH", `${SERVING}/services/patchy`, "{}", {
      "content-type": "application/apply-patch+yaml",
    });
    expect(refused.status).toBe(415);
  });
});

describe("list and delete", () => {
  test("lists by label and by name, in one namespace or all", async () => {
    const labelled = serviceBody("chosen");
    labelled.metadata.labels = { pick: "me" };
    await post(`${SERVING}/services`, labelled);
    await post(`${SERVING}/services`, serviceBody("ignored"));
    const names = (body: { items: { metadata: { name: string } }[] }) => body.items.map((item) => item.metadata.name);
    const byLabel = (await get(`${SERVING}/services?labelSelector=pick%3Dme`)).body;
    expect(byLabel.kind).toBe("ServiceList");
    expect(names(byLabel)).toEqual(["chosen"]);
    expect(names((await get(`${SERVING}/services?fieldSelector=metadata.name%3Dignored`)).body)).toEqual(["ignored"]);
    expect(names((await get("/apis/serving.knative.dev/v1/services")).body)).toContain("chosen");
  });

  test("deletes the children of a Service and its revisions, whose objects confirm", async () => {
    await post(`${SERVING}/services`, serviceBody("gone"));
    await eventually(`${SERVING}/revisions/gone-00001`, (body) => body.kind === "Revision");
    const { status, body } = await remove(`${SERVING}/services/gone`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: "Status", status: "Success", details: { name: "gone" } });
    expect((await get(`${SERVING}/services/gone`)).status).toBe(404);
    expect((await get(`${SERVING}/configurations/gone`)).status).toBe(404);
    expect((await get(`${SERVING}/routes/gone`)).status).toBe(404);
    await eventually(`${SERVING}/revisions/gone-00001`, (answer) => answer.code === 404);
  });
});
