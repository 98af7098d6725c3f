/** Objects as Knative's programs make them: nothing but a container, and no word of where it is to run. */
import { app } from "../fixtures/services.ts";
import type { KnativeObject, Metadata, TrafficTarget } from "./objects.ts";

const apiVersion = "serving.knative.dev/v1";

export function bareService(metadata: Metadata, traffic?: readonly TrafficTarget[]): KnativeObject {
  return { apiVersion, kind: "Service", metadata, spec: { template: template(), ...(traffic && { traffic }) } };
}

export function bareConfiguration(metadata: Metadata): KnativeObject {
  return { apiVersion, kind: "Configuration", metadata, spec: { template: template() } };
}

/** All its traffic goes to a Configuration. */
export function routeTo(configurationName: string, metadata: Metadata, tag?: string): KnativeObject {
  const target = { configurationName, percent: 100, ...(tag === undefined ? {} : { tag }) };
  return { apiVersion, kind: "Route", metadata, spec: { traffic: [target] } };
}

export function mappingTo(serviceName: string, metadata: Metadata): KnativeObject {
  const ref = { apiVersion, kind: "Service", name: serviceName };
  return { apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping", metadata, spec: { ref } };
}

/** A process that answers each request with the value of a JavaScript expression. */
export function answeringService(metadata: Metadata, expression: string): KnativeObject {
  const program = `require("http").createServer((_, answer) => answer.end(${expression})).listen(process.env.PORT)`;
  const containers = [{ image: "rouse.dev/test/answering", command: ["node", "-e", program] }];
  return { apiVersion, kind: "Service", metadata, spec: { template: { spec: { containers } } } };
}

function template() {
  const { containers } = app("any").spec.template.spec;
  return { spec: { containers } };
}
