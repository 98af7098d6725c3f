import { beforeAll, describe, expect, test } from "vitest";
import { get, type Json, post, remove } from "./client.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const MAPS = "/api/v1/namespaces/lists/configmaps";
const SECRETS = "/api/v1/namespaces/lists/secrets";
const namesOf = (body: Json): string[] => body.items.map((item: Json) => item.metadata.name);
const select = async (path: string, query: Record<string, string>) =>
  get(`${path}?${new URLSearchParams(query).toString()}`);

beforeAll(async () => {
  for (const name of NAMES) await post(MAPS, { metadata: { name, labels: { half: name < "c" ? "1" : "2" } } });
  await post(SECRETS, { metadata: { name: "plain" }, type: "Opaque" });
  await post(SECRETS, { metadata: { name: "tls" }, type: "kubernetes.io/tls" });
});

describe("pages", () => {
  test("follow one another without gap or repetition, whatever happens in between", async () => {
    const first = (await get(`${MAPS}?limit=2`)).body;
    expect(namesOf(first)).toEqual(["a", "b"]);
    await remove(`${MAPS}/b`);
    await post(MAPS, { metadata: { name: "aa" } });
    const second = (await select(MAPS, { limit: "2", continue: first.metadata.continue })).body;
    expect(namesOf(second)).toEqual(["c", "d"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const last = (await select(MAPS, { limit: "2", continue: second.metadata.continue })).body;
    expect(namesOf(last)).toEqual(["e"]);
    expect(last.metadata.continue).toBeUndefined();
    await remove(`${MAPS}/aa`);
    await post(MAPS, { metadata: { name: "b", labels: { half: "1" } } });
  });

  test("of a selection hold only what is selected", async () => {
    const { body } = await get(`${MAPS}?limit=1&labelSelector=half%3D2`);
    expect(namesOf(body)).toEqual(["c"]);
    expect(namesOf((await get(`${MAPS}?labelSelector=half%3D2&limit=0`)).body)).toEqual(["c", "d", "e"]);
  });

  test("are refused for a limit or a token that is none", async () => {
    expect((await get(`${MAPS}?limit=-1`)).status).toBe(400);
    expect((await get(`${MAPS}?limit=many`)).status).toBe(400);
    const { status, body } = await get(`${MAPS}?limit=1&continue=rubbish`);
    expect(status).toBe(400);
    expect(body.message).toContain("continue key is not valid");
  });

  test("too large to send at once arrive as one list all the same", async () => {
    const path = "/api/v1/namespaces/large/configmaps";
    const data = { text: "x".repeat(1_400_000) };
    for (let i = 0; i < 8; i++) await post(path, { metadata: { name: `large-${i}` }, data });
    expect(namesOf((await get(path)).body)).toHaveLength(8);
  });
});

describe("the deletion of a selection", () => {
  test("takes it whole, however large it is, and nothing else", async () => {
    const path = "/api/v1/namespaces/many/configmaps";
    const names = Array.from({ length: 230 }, (_, i) => `m-${String(i).padStart(3, "0")}`);
    for (const name of names) await post(path, { metadata: { name, labels: { tidy: "yes" } } });
    await post(path, { metadata: { name: "m-100-stays" } });
    expect(namesOf((await remove(`${path}?labelSelector=tidy&dryRun=All`)).body)).toEqual(names);
    expect(namesOf((await remove(`${path}?labelSelector=tidy`)).body)).toEqual(names);
    expect(namesOf((await get(path)).body)).toEqual(["m-100-stays"]);
  });
});

describe("selectors", () => {
  test.each([
    [MAPS, { fieldSelector: "metadata.name=c" }, ["c"]],
    [MAPS, { fieldSelector: "metadata.name!=c,metadata.namespace=lists" }, ["a", "b", "d", "e"]],
    [MAPS, { labelSelector: "half in (1,3),!other" }, ["a", "b"]],
    [SECRETS, { fieldSelector: "type=kubernetes.io/tls" }, ["tls"]],
    ["/api/v1/secrets", { fieldSelector: "metadata.namespace=lists" }, ["plain", "tls"]],
    ["/api/v1/namespaces", { fieldSelector: "metadata.name=default" }, ["default"]],
    ["/api/v1/namespaces/none/configmaps", {}, []],
  ])("%s %j", async (path, query, names) => {
    expect(namesOf((await select(path, query)).body)).toEqual(names);
  });

  test("name the fields that there are", async () => {
    const { status, body } = await select(MAPS, { fieldSelector: "data.x=1" });
    expect([status, body.message]).toEqual([400, "field label not supported: data.x"]);
    expect((await select(MAPS, { labelSelector: "a=(b" })).status).toBe(400);
    expect((await select("/api/v1/pods", { fieldSelector: "status.phase=Running" })).status).toBe(200);
    const events = { fieldSelector: "involvedObject.name=x,involvedObject.kind=Service,involvedObject.uid=u" };
    expect((await select("/api/v1/namespaces/default/events", events)).body.items).toEqual([]);
  });
});
