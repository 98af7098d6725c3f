/** A fake API whose services become ready, or fail, within the write; and the command line against it. */
import type { KubeObject } from "../../src/core/resource/object.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";
import { type CliRun, runCli } from "./run-cli.ts";

const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
const REVISIONS = "/apis/serving.knative.dev/v1/namespaces/default/revisions";

export type ApiUnderTest = AsyncDisposable & {
  readonly fake: FakeApi;
  rouse(...args: readonly string[]): Promise<CliRun>;
  /** `service create NAME --image a/b`, with more options. */
  create(name?: string, ...args: readonly string[]): Promise<CliRun>;
  /** From now on services fail instead. */
  breakServices(): void;
  stored(name?: string): KubeObject | undefined;
  /** A revision of the service `hello`. */
  addRevision(name: string): void;
};

export async function startApi(): Promise<ApiUnderTest> {
  const fake = await startFakeApi();
  fake.reconcile = ready;
  const rouse = (...args: readonly string[]) => runCli(args, fake.url);
  return {
    fake,
    rouse,
    create: (name = "hello", ...args) => rouse("service", "create", name, "--image", "a/b", ...args),
    breakServices() {
      fake.reconcile = failed;
    },
    stored: (name = "hello") => fake.objects.get(`${SERVICES}/${name}`),
    addRevision(name) {
      const labels = { "serving.knative.dev/service": "hello", "serving.knative.dev/configurationGeneration": "1" };
      const metadata = {
        name,
        namespace: "default",
        uid: "u",
        generation: 1,
        resourceVersion: "",
        creationTimestamp: "",
      };
      fake.put(`${REVISIONS}/${name}`, {
        apiVersion: "serving.knative.dev/v1",
        kind: "Revision",
        metadata: { ...metadata, labels },
        spec: { containers: [{ image: "a/b" }] },
      });
    },
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

/** As if the control plane had done its work within the write. */
function ready(object: KubeObject): KubeObject {
  if (object.kind !== "Service") return object;
  const { name, generation } = object.metadata;
  const revision = `${name}-0000${generation}`;
  const status = {
    observedGeneration: generation,
    conditions: [{ type: "Ready", status: "True" }],
    url: `http://${name}.default.example.com`,
    latestCreatedRevisionName: revision,
    latestReadyRevisionName: revision,
  };
  return { ...object, status };
}

function failed(object: KubeObject): KubeObject {
  const conditions = [{ type: "Ready", status: "False", reason: "RevisionFailed", message: "it broke:\nlast output" }];
  return { ...object, status: { observedGeneration: object.metadata.generation, conditions } };
}
