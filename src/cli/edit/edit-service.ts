/** Changes a Service as the flags of `service create`, `update` and `apply` say. Pure: flags and chance come in as values. */
import { jsonEqual } from "../../core/resource/json.ts";
import { SERVING_API_VERSION } from "../../core/resource/resource-type.ts";
import { editPodSpec } from "./container.ts";
import { type EditableService, type Metadata, withMember } from "./editable-service.ts";
import { editServiceMetadata, editTemplateMetadata } from "./metadata.ts";
import { revisionName } from "./revision-name.ts";
import type { ServiceFlags } from "./service-flags.ts";

/** A Service without anything in it yet. */
export function emptyService(name: string, namespace: string): EditableService {
  return {
    apiVersion: SERVING_API_VERSION,
    kind: "Service",
    metadata: { name, namespace },
    spec: { template: { spec: { containers: [{}] } } },
  };
}

/** With the process driver an image is only a label. */
export function defaultImage(name: string): string {
  return `rouse.dev/process/${name}`;
}

/**
 * @param random gives a number in [0, 1) at each call, for `{{.Random 5}}` in a revision's name
 * @returns the changed Service; one that the flags do not change is equal to what came in
 * @throws CliError naming the flag that says something wrong
 */
export function editService(service: EditableService, flags: ServiceFlags, random: () => number): EditableService {
  const { template } = service.spec;
  const spec = editPodSpec(template.spec, flags);
  const before = template.metadata ?? {};
  const metadata = editTemplateMetadata(before, flags);
  const isChanged = !jsonEqual([spec, metadata], [template.spec, before]);
  const named =
    isChanged || flags.revisionName !== undefined ? nameRevision(metadata, service, flags, random) : metadata;
  return {
    ...service,
    metadata: editServiceMetadata(service.metadata, flags),
    spec: { ...service.spec, template: withMember({ ...template, spec }, "metadata", orNone(named)) },
  };
}

/** A changed template cannot keep its name: a revision of that name is there and never changes. */
function nameRevision(metadata: Metadata, service: EditableService, flags: ServiceFlags, random: () => number) {
  const generation = (service.metadata.generation ?? 0) + 1;
  const name = revisionName(flags.revisionName ?? "", service.metadata.name, generation, random);
  return withMember(metadata, "name", name === "" ? undefined : name);
}

function orNone(metadata: Metadata): Metadata | undefined {
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}
