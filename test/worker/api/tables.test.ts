import { describe, expect, test } from "vitest";
import { call, post, SERVING, serviceBody } from "./client.ts";

const TABLE =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const asTable = (path: string, accept = TABLE) => call("GET", path, undefined, { accept });

describe("a table", () => {
  test("is what kubectl gets for a list, with the metadata of each object and the version of the list", async () => {
    await post(`${SERVING}/services`, serviceBody("listed"));
    const { body } = await asTable(`${SERVING}/services?limit=500`);
    expect(body).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
    expect(body.columnDefinitions[0]).toMatchObject({ name: "Name", type: "string", format: "name", priority: 0 });
    const row = body.rows.find((candidate: { cells: string[] }) => candidate.cells[0] === "listed");
    expect(row.object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "listed" } });
    expect(row.object.spec).toBeUndefined();
  });

  test("of one object has one row", async () => {
    const { body } = await asTable("/api/v1/namespaces/default");
    expect(body.rows.map((row: { cells: string[] }) => row.cells.slice(0, 2))).toEqual([["default", "Active"]]);
  });

  test("carries whole objects, or none, when asked to", async () => {
    const whole = await asTable("/api/v1/namespaces?includeObject=Object");
    expect(whole.body.rows[0].object).toMatchObject({ kind: "Namespace", status: { phase: "Active" } });
    expect((await asTable("/api/v1/namespaces?includeObject=None")).body.rows[0].object).toBeUndefined();
  });

  test("of version v1beta1 is for those who know no other", async () => {
    const { body } = await asTable("/api/v1/namespaces", "application/json;as=Table;v=v1beta1;g=meta.k8s.io");
    expect(body.apiVersion).toBe("meta.k8s.io/v1beta1");
  });

  test("is not what an error looks like", async () => {
    const { status, body } = await asTable(`${SERVING}/services/none`);
    expect([status, body.kind]).toEqual([404, "Status"]);
  });
});

test("metadata alone is served to clients that want no more", async () => {
  const accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
  const { body } = await asTable("/api/v1/namespaces", accept);
  expect(body.kind).toBe("PartialObjectMetadataList");
  expect(body.items[0].status).toBeUndefined();
});

test("who prefers protobuf gets JSON", async () => {
  const { body } = await asTable("/api/v1/namespaces", "application/vnd.kubernetes.protobuf,application/json");
  expect(body.kind).toBe("NamespaceList");
});
