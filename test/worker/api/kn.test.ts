import { describe, expect, test } from "vitest";
import { eventually, get, mergePatch, post, put, remove, SERVING, serviceBody } from "./client.ts";
import { bringUp, isReady, waitDeleted, waitReady, watchAsKn } from "./kn.ts";
import { Watcher } from "./watcher.ts";

const SERVICES = `${SERVING}/services`;
const REVISIONS = `${SERVING}/revisions`;

async function readyService(name: string): Promise<void> {
  await post(SERVICES, serviceBody(name));
  await bringUp(REVISIONS, `${name}-00001`);
  await eventually(`${SERVICES}/${name}`, isReady);
}

describe("service create", () => {
  test("waits until the Service is Ready", async () => {
    await post(SERVICES, serviceBody("made"));
    const watcher = await watchAsKn(SERVICES, "made");
    const [service] = await Promise.all([waitReady(watcher), bringUp(REVISIONS, "made-00001")]);
    expect(service.status.url).toBe("http://made.default.apps.test");
  });

  test("does not hang on a Service that is Ready before kn looks", async () => {
    await readyService("early");
    expect(isReady(await waitReady(await watchAsKn(SERVICES, "early")))).toBe(true);
  });

  test("does not hang on a Service that becomes Ready between the GET and the watch, however often kn comes back", async () => {
    const created = (await post(SERVICES, serviceBody("between"))).body;
    await bringUp(REVISIONS, "between-00001");
    await eventually(`${SERVICES}/between`, isReady);
    for (let visit = 0; visit < 2; visit++) {
      const query = `fieldSelector=metadata.name%3Dbetween&resourceVersion=${created.metadata.resourceVersion}`;
      await waitReady(await Watcher.open(SERVICES, query));
    }
  });
});

describe("service create --force and service update", () => {
  test("wait for the new revision: the PUT answers before it is reconciled, and the old Ready does not count", async () => {
    await readyService("forced");
    const { metadata, spec, status } = (await get(`${SERVICES}/forced`)).body;
    const containers = [{ ...spec.template.spec.containers[0], env: [{ name: "A", value: "1" }] }];
    const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
    const reply = await put(`${SERVICES}/forced`, {
      ...serviceBody("forced"),
      metadata,
      spec: { ...spec, template },
      status,
    });
    expect(reply.body.metadata.generation).toBe(2);
    const watcher = await watchAsKn(SERVICES, "forced");
    const [service] = await Promise.all([waitReady(watcher), bringUp(REVISIONS, "forced-00002")]);
    expect(service.status.latestReadyRevisionName).toBe("forced-00002");
  });

  test("an update that changes nothing is done at once", async () => {
    await readyService("same");
    await put(`${SERVICES}/same`, (await get(`${SERVICES}/same`)).body);
    await waitReady(await watchAsKn(SERVICES, "same"));
  });
});

test("service apply waits for what its merge patch changes, and a repeated one is done at once", async () => {
  await readyService("applied");
  const patch = { spec: { template: { spec: { containerConcurrency: 5 } } } };
  const patched = (await mergePatch(`${SERVICES}/applied`, patch)).body;
  expect(patched.metadata.generation).not.toBe(patched.status.observedGeneration);
  const watcher = await watchAsKn(SERVICES, "applied");
  await Promise.all([waitReady(watcher), bringUp(REVISIONS, "applied-00002")]);
  const repeated = (await mergePatch(`${SERVICES}/applied`, patch)).body;
  expect(repeated.metadata.generation).toBe(repeated.status.observedGeneration);
  await waitReady(await watchAsKn(SERVICES, "applied"));
});

describe("service delete --wait", () => {
  test("ends when the watch is there before the DELETE", async () => {
    await readyService("leaves");
    const watcher = await watchAsKn(SERVICES, "leaves");
    await Promise.all([waitDeleted(watcher), remove(`${SERVICES}/leaves`)]);
  });

  test("ends when the DELETE is done before the watch", async () => {
    await readyService("left");
    const { body } = await get(`${SERVICES}/left`);
    await remove(`${SERVICES}/left`);
    const query = `fieldSelector=metadata.name%3Dleft&resourceVersion=${body.metadata.resourceVersion}`;
    await waitDeleted(await Watcher.open(SERVICES, query));
  });
});
