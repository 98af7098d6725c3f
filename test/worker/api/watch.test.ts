import { describe, expect, test } from "vitest";
import { get, type Json, mergePatch, post, remove } from "./client.ts";
import { requestWatch, textOf, Watcher } from "./watcher.ts";

/** A namespace for each test: its watches see nothing of the others. */
let count = 0;
async function newNamespace(): Promise<{ readonly maps: string; readonly services: string }> {
  count += 1;
  const namespace = `ns-${count}`;
  await post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  return {
    maps: `/api/v1/namespaces/${namespace}/configmaps`,
    services: `/apis/serving.knative.dev/v1/namespaces/${namespace}/services`,
  };
}

const configMap = (name: string, data: Json = {}, labels: Json = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels },
  data,
});
const byName = (name: string) => `fieldSelector=metadata.name%3D${name}`;
const versionOf = (object: Json): number => Number(object.metadata.resourceVersion);

describe("the contract of a watch", () => {
  test("answers 200 with JSON at once, and with one event per line afterwards", async () => {
    const { maps } = await newNamespace();
    const watcher = await Watcher.open(maps);
    expect(watcher.response.headers.get("content-type")).toBe("application/json");
    await post(maps, configMap("first"));
    const event = await watcher.next();
    expect(event).toMatchObject({ type: "ADDED", object: { kind: "ConfigMap", apiVersion: "v1" } });
    await watcher.close();
  });

  test.each(["", "resourceVersion=", "resourceVersion=0"])(
    "with %j sends all objects as ADDED, then changes",
    async (query) => {
      const { maps } = await newNamespace();
      await post(maps, configMap("one"));
      await post(maps, configMap("two"));
      const watcher = await Watcher.open(maps, query);
      await remove(`${maps}/one`);
      const events = await watcher.until(({ type }) => type === "DELETED");
      expect(events.map(textOf)).toEqual(["ADDED one", "ADDED two", "DELETED one"]);
      await watcher.close();
    },
  );

  test("from a list's resourceVersion sends exactly what came after it", async () => {
    const { maps } = await newNamespace();
    await post(maps, configMap("before"));
    const { body: list } = await get(maps);
    await post(maps, configMap("after"));
    await mergePatch(`${maps}/before`, { data: { a: "1" } });
    const watcher = await Watcher.open(maps, `resourceVersion=${list.metadata.resourceVersion}`);
    await remove(`${maps}/after`);
    const events = await watcher.until(({ type }) => type === "DELETED");
    expect(events.map(textOf)).toEqual(["ADDED after", "MODIFIED before", "DELETED after"]);
    const versions = events.map(({ object }) => versionOf(object));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    await watcher.close();
  });

  test("sees one object by name, one namespace, or all of them", async () => {
    const { maps } = await newNamespace();
    const { maps: elsewhere } = await newNamespace();
    const { metadata } = (await get(maps)).body;
    const from = `resourceVersion=${metadata.resourceVersion}`;
    const watchers = await Promise.all([
      Watcher.open(maps, `${from}&${byName("mine")}`),
      Watcher.open(maps, from),
      Watcher.open("/api/v1/configmaps", from),
    ]);
    await post(elsewhere, configMap("mine"));
    await post(maps, configMap("other"));
    await post(maps, configMap("mine"));
    await post(maps, configMap("end"));
    await remove(`${maps}/mine`);
    const seen = await Promise.all(watchers.map((watcher) => watcher.until(({ type }) => type === "DELETED")));
    expect(seen.map((events) => events.map(textOf))).toEqual([
      ["ADDED mine", "DELETED mine"],
      ["ADDED other", "ADDED mine", "ADDED end", "DELETED mine"],
      ["ADDED mine", "ADDED other", "ADDED mine", "ADDED end", "DELETED mine"],
    ]);
    await Promise.all(watchers.map((watcher) => watcher.close()));
  });

  test("an object comes and goes with the labels that a selector asks for", async () => {
    const { maps } = await newNamespace();
    const { metadata } = (await get(maps)).body;
    const watcher = await Watcher.open(maps, `labelSelector=tier%3Dgold&resourceVersion=${metadata.resourceVersion}`);
    await post(maps, configMap("plain"));
    await mergePatch(`${maps}/plain`, { metadata: { labels: { tier: "gold" } } });
    await mergePatch(`${maps}/plain`, { data: { a: "1" } });
    await mergePatch(`${maps}/plain`, { metadata: { labels: { tier: "tin" } } });
    await mergePatch(`${maps}/plain`, { data: { a: "2" } });
    await post(maps, configMap("end", {}, { tier: "gold" }));
    await remove(`${maps}/end`);
    const events = await watcher.until((event) => textOf(event) === "DELETED end");
    expect(events.map(textOf)).toEqual(["ADDED plain", "MODIFIED plain", "DELETED plain", "ADDED end", "DELETED end"]);
    expect(events[2]?.object.metadata.labels).toEqual({ tier: "gold" });
    await watcher.close();
  });

  test("a namespace comes and goes with the phase that a selector asks for", async () => {
    const namespaces = "/api/v1/namespaces";
    await post(namespaces, { metadata: { name: "phased" } });
    await post(`${namespaces}/phased/configmaps`, { metadata: { name: "holds", finalizers: ["acme.dev/hold"] } });
    const { metadata } = (await get(namespaces)).body;
    const watch = (phase: string) =>
      Watcher.open(namespaces, `resourceVersion=${metadata.resourceVersion}&fieldSelector=status.phase%3D${phase}`);
    const [active, terminating] = await Promise.all([watch("Active"), watch("Terminating")]);
    await remove(`${namespaces}/phased`);
    expect(await active.next()).toMatchObject({
      type: "DELETED",
      object: { metadata: { name: "phased" }, status: { phase: "Active" } },
    });
    expect(await terminating.next()).toMatchObject({ type: "ADDED", object: { metadata: { name: "phased" } } });
    await Promise.all([active.close(), terminating.close()]);
  });

  test("a deletion carries the last state under a version of its own, and is replayed to who comes late", async () => {
    const { maps } = await newNamespace();
    const created = (await post(maps, configMap("gone", { a: "1" }))).body;
    await remove(`${maps}/gone`);
    const watcher = await Watcher.open(maps, `${byName("gone")}&resourceVersion=${created.metadata.resourceVersion}`);
    const event = await watcher.next();
    expect(event).toMatchObject({ type: "DELETED", object: { data: { a: "1" } } });
    expect(versionOf(event?.object)).toBeGreaterThan(versionOf(created));
    await watcher.close();
  });

  test("timeoutSeconds ends the stream after everything that was written", async () => {
    const { maps } = await newNamespace();
    await post(maps, configMap("one"));
    const watcher = await Watcher.open(maps, "timeoutSeconds=1");
    expect((await watcher.rest()).map(textOf)).toEqual(["ADDED one"]);
  });

  test("sendInitialEvents marks the end of the objects with a bookmark", async () => {
    const { maps } = await newNamespace();
    const created = (await post(maps, configMap("one"))).body;
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=";
    const watcher = await Watcher.open(maps, `${query}${created.metadata.resourceVersion}`);
    expect(await watcher.next()).toMatchObject({ type: "ADDED", object: { metadata: { name: "one" } } });
    const bookmark = await watcher.next();
    expect(bookmark).toMatchObject({ type: "BOOKMARK", object: { kind: "ConfigMap", apiVersion: "v1" } });
    expect(bookmark?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    expect(versionOf(bookmark?.object)).toBeGreaterThanOrEqual(versionOf(created));
    await mergePatch(`${maps}/one`, { data: { a: "1" } });
    expect(await watcher.next()).toMatchObject({ type: "MODIFIED" });
    await watcher.close();
  });

  test("each event carries a table of one row for a client that asks for tables", async () => {
    const { maps } = await newNamespace();
    await post(maps, configMap("row", { a: "1" }));
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    const watcher = await Watcher.open(maps, "", { accept });
    const event = await watcher.next();
    expect(event).toMatchObject({ type: "ADDED", object: { kind: "Table", rows: [{ cells: ["row", 1, "0s"] }] } });
    await watcher.close();
  });

  test("serves a kind in the version of the path", async () => {
    const { services } = await newNamespace();
    const mappings = services.replace("/v1/", "/v1alpha1/").replace(/services$/, "domainmappings");
    const watcher = await Watcher.open(mappings);
    const spec = { ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "x" } };
    await post(mappings, { metadata: { name: `w${count}.example.com` }, spec });
    expect((await watcher.next())?.object.apiVersion).toBe("serving.knative.dev/v1alpha1");
    await watcher.close();
  });
});

describe("what cannot be watched", () => {
  test.each([
    ["resourceVersion=abc", 400, "BadRequest"],
    ["timeoutSeconds=soon", 400, "BadRequest"],
    ["labelSelector=a%3D%3D%3Db", 400, "BadRequest"],
    ["fieldSelector=spec.colour%3Dred", 400, "BadRequest"],
    ["sendInitialEvents=true", 422, "Invalid"],
    ["resourceVersionMatch=Exact", 422, "Invalid"],
  ])("%s is refused with a Status", async (query, code, reason) => {
    const response = await requestWatch(`/api/v1/configmaps?watch=true&${query}`);
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ kind: "Status", reason, code });
  });

  test("a version that the log does not reach gets ERROR 410 and the end, so that an informer lists again", async () => {
    const watcher = await Watcher.open("/api/v1/configmaps", "resourceVersion=999999999999");
    const [event, ...others] = await watcher.rest();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ type: "ERROR", object: { kind: "Status", reason: "Expired", code: 410 } });
    expect(event?.object.message).toMatch(/^too old resource version: 999999999999 \(\d+\)$/);
  });

  test("one object by name is sent as it is, whatever the version", async () => {
    const { maps } = await newNamespace();
    await post(maps, configMap("known"));
    const watcher = await Watcher.open(maps, `resourceVersion=999999999998&${byName("known")}`);
    expect(await watcher.next()).toMatchObject({ type: "MODIFIED", object: { metadata: { name: "known" } } });
    await watcher.close();
  });
});
