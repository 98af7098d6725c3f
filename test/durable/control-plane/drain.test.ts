/** What is left of an object that cannot be reconciled, and that others still are. */
import { expect, test, vi } from "vitest";
import { findCondition } from "../../../src/core/resource/conditions.ts";
import type { CommonStatus } from "../../../src/core/resource/object.ts";
import { LonePlane } from "../fakes/lone-plane.ts";

const SERVING = { user: "tester", isDryRun: false, isStrict: false, apiVersion: "serving.knative.dev/v1" };
const SPEC = { template: { spec: { containers: [{ image: "dev.local/hello" }] } } };

test("a generation that cannot be reconciled is told to be Unknown, and the next object has its turn", async () => {
  await LonePlane.run("drain-broken", async (lone) => {
    const complaint = vi.spyOn(console, "error").mockImplementation(() => {});
    const statusOf = async (name: string) => {
      const found = await lone.plane.getObject({ kind: "Configuration", namespace: "drain", name });
      return found.ok ? (found.value.status as CommonStatus) : undefined;
    };
    for (const name of ["broken", "whole"]) {
      await lone.plane.createObject("Configuration", "drain", { metadata: { name }, spec: SPEC }, SERVING);
    }
    // As if a bug had stored it so; the generation is one that nobody saw.
    lone.storage.sql.exec(
      `UPDATE objects SET body = json_set(body, '$.spec', json('{}'), '$.metadata.generation', 2, '$.status', json('{}'))
       WHERE name = 'broken'`,
    );
    await lone.settle();
    expect(complaint.mock.calls[0]?.[0]).toContain("Configuration drain/broken could not be reconciled");
    complaint.mockRestore();
    expect(findCondition(await statusOf("broken"), "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NewObservedGenFailure",
    });
    expect((await statusOf("broken"))?.observedGeneration).toBe(2);
    expect((await statusOf("whole"))?.observedGeneration).toBe(1);
  });
});
