/** What the programs change of an object between two looks at it. */
import type { Change } from "./go-client.ts";
import { merged } from "./go-client.ts";
import type { Container, KnativeObject, Metadata, Template, TrafficTarget } from "./objects.ts";

type Changes = Readonly<Record<string, string | null>>;

export function withContainer(changes: Container): Change {
  return (object) => {
    const template = templateOf(object);
    const [first = {}, ...others] = template.spec.containers;
    return withTemplate(object, {
      ...template,
      spec: { ...template.spec, containers: [{ ...first, ...changes }, ...others] },
    });
  };
}

/** There are no images to pull for processes; a new name makes a new revision all the same. */
export function withImage(image: string): Change {
  return withContainer({ image: `rouse.dev/test/${image}` });
}

/** In the place of what was there. */
export function withTemplateMetadata(metadata: Metadata): Change {
  return (object) => withTemplate(object, { ...templateOf(object), metadata });
}

export function withAnnotations(changes: Changes): Change {
  return ({ metadata, ...rest }) => ({
    ...rest,
    metadata: { ...metadata, annotations: merged(metadata.annotations, changes) },
  });
}

export function withLabels(changes: Changes): Change {
  return ({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, labels: merged(metadata.labels, changes) } });
}

export function withTraffic(traffic: readonly TrafficTarget[]): Change {
  return (object) => ({ ...object, spec: { ...object.spec, traffic } });
}

function templateOf({ spec, metadata }: KnativeObject): Template {
  if (spec?.template === undefined) throw new Error(`${metadata.name} has no template`);
  return spec.template;
}

function withTemplate(object: KnativeObject, template: Template): KnativeObject {
  return { ...object, spec: { ...object.spec, template } };
}
