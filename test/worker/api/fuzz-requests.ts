/**
 * Requests that nobody sends on purpose. Half of them are aimed: the right method, path and type for what they do, with a
 * manifest that is right but for a few places. The other half is whatever comes.
 */
import fc from "fast-check";
import { isView, type ResourceType, SERVED_TYPES } from "../../../src/core/resource/resource-type.ts";
import { manifestOf, NAMES, oddValue, text, toJsonText, VICTIMS } from "./fuzz-manifests.ts";

export type FuzzRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
};

const jsonPatch = fc
  .array(
    fc.record({
      op: fc.oneof(fc.constantFrom("add", "remove", "replace", "move", "copy", "test"), text),
      path: fc.oneof(
        fc.constantFrom("/metadata/labels/app", "/metadata/labels", "/metadata/name", "/metadata", "", "/__proto__/x"),
        fc.constantFrom(
          "/spec/traffic/0",
          "/spec/traffic/-",
          "/spec/template/spec/containers/0/image",
          "/spec",
          "/data/a",
        ),
        text,
      ),
      from: fc.oneof(fc.constantFrom("/metadata", "/spec", "/spec/traffic/0"), text),
      value: oddValue,
    }),
    { maxLength: 4 },
  )
  .map(toJsonText);

const K8S_MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0);
const protobuf = fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.of(...K8S_MAGIC, ...bytes));
const yaml = fc.constantFrom(
  "a: &a [*a]",
  "a: 1\na: 2",
  "- x\n- y",
  "spec: !!js/function x",
  "\t",
  "a: 2026-01-01",
  "{",
);

const types = fc.constantFrom(...SERVED_TYPES);
const anyBody = fc.oneof(
  { weight: 4, arbitrary: types.chain((type) => manifestOf(type, "fuzzed")) },
  { weight: 1, arbitrary: jsonPatch },
  { weight: 1, arbitrary: oddValue.map(toJsonText) },
  { weight: 1, arbitrary: yaml },
  { weight: 1, arbitrary: protobuf },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

const anyType = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      ...["application/json", "application/json", "application/merge-patch+json", "application/json-patch+json"],
      ...["application/yaml", "application/strategic-merge-patch+json", "application/apply-patch+yaml"],
      ...["application/vnd.kubernetes.protobuf", "application/json; charset=utf-16", "text/plain", "", ";;;"],
    ),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[!-~]{0,20}$/) },
);
const accept = fc.constantFrom(
  ...[
    "application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "*/*",
    "text/html",
    ";as=Table",
  ],
  ...["application/vnd.kubernetes.protobuf", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"],
);

const SELECTORS = [
  "a=b",
  "a in (b,c),!d",
  "a in (",
  ",,,",
  "a==",
  "!",
  "metadata.name=fuzzed",
  "spec.x=1",
  "a notin ()",
  "=b",
];
const NUMBERS = ["0", "1", "-1", "1e9", "99999999999999999999", "x", "0x10", " 1", "1.5", "NaN"];
const query = fc.dictionary(
  fc.constantFrom(
    ...["labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "limit", "continue", "dryRun"],
    ...["fieldValidation", "fieldManager", "propagationPolicy", "gracePeriodSeconds", "watch", "allowWatchBookmarks"],
    ...["sendInitialEvents", "timeout", "pretty", "__proto__"],
  ),
  fc.oneof(fc.constantFrom(...SELECTORS, ...NUMBERS, "All", "Strict", "true", "v1/1/default/fuzzed", "djE="), text),
  { maxKeys: 4 },
);

const segment = fc.oneof(text.map(encodeLoosely), fc.constantFrom(...NAMES));
const namespace = fc.constantFrom("default", "default", "default", "knative-serving", "nowhere");
const known = fc.tuple(types, namespace, segment).chain(([type, inNamespace, odd]) => {
  const collection = collectionOf(type, inNamespace);
  const root = rootOf(type);
  return fc.constantFrom(
    ...[
      collection,
      `${root}/${type.plural}`,
      `${root}/namespaces/${odd}/${type.plural}`,
      `${collection}/${odd}/status`,
    ],
    ...NAMES.map((name) => `${collection}/${name}`),
    ...[`${collection}/${odd}`, `${collection}/`, `${collection}//`, `${root}/${odd}`],
  );
});
const anyPath = fc.oneof(
  { weight: 8, arbitrary: known },
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 7 }).map((segments) => `/apis/${segments.join("/")}`) },
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 4 }).map((segments) => `/rouse/v1/${segments.join("/")}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[
        "/api",
        "/apis",
        "/version",
        "/openapi/v2",
        "/openapi/v3",
        "/api/v1",
        "/apis/serving.knative.dev",
        "/healthz",
      ],
      ...["/rouse/v1/join", "/rouse/v1/join-tokens", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "//api"],
    ),
  },
);
const METHODS = ["GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const whatever: fc.Arbitrary<FuzzRequest> = fc
  .record({ method: fc.constantFrom(...METHODS), path: anyPath, query, type: anyType, accept, body: anyBody })
  .map(({ method, path, query: parameters, type, accept: accepts, body }) => ({
    method,
    path: withQuery(path, parameters),
    headers: { "content-type": type, accept: accepts },
    body: method === "GET" || method === "HEAD" ? null : body,
  }));

const aimed: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.constantFrom(...SERVED_TYPES.filter((type) => !isView(type))), fc.nat(200), namespace)
  .chain(([type, number, inNamespace]) => {
    const victim = VICTIMS[type.kind] ?? "victim";
    const made = type.kind === "DomainMapping" ? `f${number}.example.com` : `fuzzed-${number}`;
    const collection = collectionOf(type, inNamespace);
    const write = (method: string, path: string, contentType: string, body: fc.Arbitrary<string>) =>
      body.map((sent): FuzzRequest => ({ method, path, headers: { "content-type": contentType }, body: sent }));
    return fc.oneof(
      { weight: 6, arbitrary: write("POST", collection, "application/json", manifestOf(type, made)) },
      { weight: 1, arbitrary: write("POST", collection, "application/yaml", manifestOf(type, made)) },
      { weight: 3, arbitrary: write("PUT", `${collection}/${victim}`, "application/json", manifestOf(type, victim)) },
      {
        weight: 3,
        arbitrary: write("PATCH", `${collection}/${victim}`, "application/merge-patch+json", manifestOf(type, victim)),
      },
      { weight: 3, arbitrary: write("PATCH", `${collection}/${victim}`, "application/json-patch+json", jsonPatch) },
      { weight: 1, arbitrary: write("DELETE", `${collection}/${made}`, "application/json", fc.constant("")) },
    );
  });

export const fuzzRequest = fc.oneof(aimed, whatever);

function rootOf({ group, version }: ResourceType): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

function collectionOf(type: ResourceType, inNamespace: string): string {
  return `${rootOf(type)}${type.isNamespaced ? `/namespaces/${inNamespace}` : ""}/${type.plural}`;
}

/** A watch ends by itself after a second at most. */
function withQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  const isWatch = parameters.watch !== undefined;
  return `${path}?${new URLSearchParams({ ...parameters, ...(isWatch ? { timeoutSeconds: "1" } : {}) })}`;
}

/** Some segments are encoded as they should be, some carry what they carry. */
function encodeLoosely(raw: string): string {
  const isPlain = /^[!-~]*$/.test(raw) && !/[?#\\]/.test(raw);
  return isPlain ? raw : encodeURIComponent(raw.toWellFormed());
}
