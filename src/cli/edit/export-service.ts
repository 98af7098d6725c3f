/** A Service as a manifest that makes it again elsewhere: without what the server keeps for itself. */
import {
  ANNOTATION_CREATOR,
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_LAST_MODIFIER,
  without,
} from "../../core/resource/annotations.ts";
import { type EditableService, type Metadata, type TextMap, withMember } from "./editable-service.ts";

/** As kn does, without traffic: revisions that it names are not in the manifest, unless it is all on the latest. */
export function exportService({ apiVersion, kind, metadata, spec }: EditableService): unknown {
  const { template } = spec;
  const templateMetadata = exportMetadata(template.metadata ?? {});
  const exported = Object.keys(templateMetadata).length === 0 ? undefined : templateMetadata;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: metadata.namespace, ...exportMetadata(metadata, ["name"]) },
    spec: { template: withMember({ spec: template.spec, metadata: template.metadata ?? {} }, "metadata", exported) },
  };
}

function exportMetadata({ name, labels, annotations }: Metadata, leftOut: readonly string[] = []): Metadata {
  const own = without(annotations, ANNOTATION_CREATOR, ANNOTATION_LAST_MODIFIER, ANNOTATION_LAST_APPLIED);
  return {
    ...(name === undefined || leftOut.includes("name") ? {} : { name }),
    ...(isEmpty(labels) ? {} : { labels }),
    ...(isEmpty(own) ? {} : { annotations: own }),
  };
}

function isEmpty(map: TextMap | undefined): map is undefined {
  return Object.keys(map ?? {}).length === 0;
}
