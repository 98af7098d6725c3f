/**
 * Reads Kubernetes' protobuf bodies, which kubectl sends when it creates core kinds and Go clients when they delete:
 *
 *     "k8s\0"  Unknown { typeMeta { apiVersion, kind }, raw }     raw: the message of that kind
 *
 * Only what a client may decide is read; uid, timestamps and status are the server's. Field numbers are those of
 * k8s.io/api/core/v1, k8s.io/api/authorization/v1 and k8s.io/apimachinery/pkg/apis/meta/v1 (generated.proto).
 */
import { PbfReader } from "pbf";
import { isJsonObject, type JsonObject, setOwn } from "../../core/resource/json.ts";

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

export type Decoded =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly problem: "unknown-kind" | "malformed"; readonly message: string };

/** The body as the JSON that a client of the same mind would have sent. Never throws. */
export function decodeKubernetesProtobuf(bytes: Uint8Array): Decoded {
  try {
    if (MAGIC.some((byte, i) => bytes[i] !== byte)) return malformed("it does not begin with k8s and a zero byte");
    const { typeMeta, raw } = decode(bytes.subarray(MAGIC.length), UNKNOWN);
    const { apiVersion = "", kind = "" } = isJsonObject(typeMeta) ? typeMeta : {};
    const message = MESSAGES.get(String(kind));
    if (message === undefined) {
      return { ok: false, problem: "unknown-kind", message: `${JSON.stringify(kind)} is not read from protobuf` };
    }
    const value = decode(raw instanceof Uint8Array ? raw : new Uint8Array(), message);
    return { ok: true, value: { apiVersion, kind, ...value } };
  } catch (error) {
    return malformed((error as Error).message);
  }
}

const MAGIC = [0x6b, 0x38, 0x73, 0x00];

/** By the number of the field. */
type Message = Readonly<Record<number, Field>>;
type Field = {
  readonly name: string;
  readonly wireType: 0 | 2;
  readonly add: (pbf: PbfReader, before: unknown) => unknown;
};

const string = (name: string): Field => ({ name, wireType: 2, add: (pbf) => readText(pbf) });
const strings = (name: string): Field => ({
  name,
  wireType: 2,
  add: (pbf, before) => appended(before, readText(pbf)),
});
const bytes = (name: string): Field => ({ name, wireType: 2, add: (pbf) => readBytes(pbf) });
const integer = (name: string): Field => ({ name, wireType: 0, add: (pbf) => pbf.readVarint(true) });
const boolean = (name: string): Field => ({ name, wireType: 0, add: (pbf) => pbf.readBoolean() });
const message = (name: string, fields: Message): Field => ({
  name,
  wireType: 2,
  add: (pbf) => decode(readBytes(pbf), fields),
});
const messages = (name: string, fields: Message): Field => ({
  name,
  wireType: 2,
  add: (pbf, before) => appended(before, decode(readBytes(pbf), fields)),
});
/** A map is a list of entries { 1: key, 2: value }. */
const map = (name: string, value: Field): Field => ({
  name,
  wireType: 2,
  add(pbf, before) {
    const entry = decode(readBytes(pbf), { 1: string("key"), 2: value });
    const merged: Record<string, unknown> = isJsonObject(before) ? before : {};
    setOwn(merged, String(entry.key ?? ""), entry.value ?? "");
    return merged;
  },
});
const textMap = (name: string) => map(name, string("value"));
/** JSON has no bytes: Kubernetes writes them in base64. */
const bytesMap = (name: string) => map(name, { name: "value", wireType: 2, add: (pbf) => toBase64(readBytes(pbf)) });

const UNKNOWN: Message = {
  1: message("typeMeta", { 1: string("apiVersion"), 2: string("kind") }),
  2: bytes("raw"),
};

const OWNER_REFERENCE: Message = {
  1: string("kind"),
  3: string("name"),
  4: string("uid"),
  5: string("apiVersion"),
  6: boolean("controller"),
  7: boolean("blockOwnerDeletion"),
};

const METADATA = message("metadata", {
  1: string("name"),
  2: string("generateName"),
  3: string("namespace"),
  5: string("uid"),
  6: string("resourceVersion"),
  11: textMap("labels"),
  12: textMap("annotations"),
  13: messages("ownerReferences", OWNER_REFERENCE),
  14: strings("finalizers"),
});

const PRECONDITIONS: Message = { 1: string("uid"), 2: string("resourceVersion") };

/** By kind. */
const MESSAGES: ReadonlyMap<string, Message> = new Map<string, Message>([
  ["ConfigMap", { 1: METADATA, 2: textMap("data"), 3: bytesMap("binaryData"), 4: boolean("immutable") }],
  [
    "Secret",
    { 1: METADATA, 2: bytesMap("data"), 3: string("type"), 4: textMap("stringData"), 5: boolean("immutable") },
  ],
  ["Namespace", { 1: METADATA, 2: message("spec", { 1: strings("finalizers") }) }],
  [
    "DeleteOptions",
    {
      1: integer("gracePeriodSeconds"),
      2: message("preconditions", PRECONDITIONS),
      3: boolean("orphanDependents"),
      4: string("propagationPolicy"),
      5: strings("dryRun"),
    },
  ],
  ["SelfSubjectAccessReview", { 1: METADATA, 2: message("spec", {}) }],
  ["SelfSubjectReview", { 1: METADATA }],
  ["SelfSubjectRulesReview", { 1: METADATA, 2: message("spec", { 1: string("namespace") }) }],
]);

/** Each message has its own reader over its own bytes, so that no length inside it can reach beyond its end. */
function decode(source: Uint8Array, fields: Message): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const pbf = new PbfReader(source);
  pbf.readFields((number) => {
    const field = fields[number];
    if (field === undefined) return;
    if (pbf.type !== field.wireType) throw new Error(`${field.name} has wire type ${pbf.type}`);
    const read = field.add(pbf, value[field.name]);
    // Go writes empty texts where JSON leaves the member out.
    if (read !== "") value[field.name] = read;
  }, value);
  if (pbf.pos !== pbf.length) throw new Error("it ends in the middle of a field");
  return value;
}

function readBytes(pbf: PbfReader): Uint8Array {
  const read = pbf.readBytes();
  if (pbf.pos > pbf.length) throw new Error("it ends in the middle of a field");
  return read;
}

function readText(pbf: PbfReader): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readBytes(pbf));
}

/** In place: a copy per item would take hours over a list as long as a body may be. */
function appended(list: unknown, item: unknown): readonly unknown[] {
  if (!Array.isArray(list)) return [item];
  list.push(item);
  return list;
}

function toBase64(data: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < data.length; i += CHUNK_BYTES) {
    binary += String.fromCharCode(...data.subarray(i, i + CHUNK_BYTES));
  }
  return btoa(binary);
}

/** A call takes that many arguments everywhere. */
const CHUNK_BYTES = 4096;

function malformed(why: string): Decoded {
  return { ok: false, problem: "malformed", message: why };
}
