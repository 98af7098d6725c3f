import { expect, test } from "vitest";
import { admitCreate } from "../../../src/core/resource/admit.ts";
import { RESOURCE_TYPES } from "../../../src/core/resource/resource-type.ts";
import { admitMerged, CONTEXT, IDENTITY } from "./service-body.ts";

test("a namespace carries its name as a label, whatever a client does to it", () => {
  const type = RESOURCE_TYPES.Namespace;
  const labels = { "kubernetes.io/metadata.name": "farm", team: "a" };
  const made = admitCreate(type, "", { metadata: { name: "farm", labels: { team: "a" } } }, IDENTITY, CONTEXT);
  expect(made).toMatchObject({ ok: true, object: { metadata: { labels } } });
  if (!made.ok) return;
  const patch = { metadata: { labels: { "kubernetes.io/metadata.name": null } } };
  expect(admitMerged(type, made.object, patch, CONTEXT)).toMatchObject({
    object: { metadata: { labels } },
  });
});
