/**
 * Names of Kubernetes objects: what is a name, and how one is derived from another.
 */
import { md5Hex } from "./md5.ts";

export const DNS_LABEL_MAX_LENGTH = 63;

const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const DNS_1123_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Letters and digits of generated names: no vowels, so that no words come out (apimachinery's alphabet). */
const GENERATED_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const GENERATED_SUFFIX_LENGTH = 5;
const GENERATED_PREFIX_MAX_LENGTH = 58;

/** What is wrong with a name that must be a DNS-1035 label (Service, Route, tag), in Kubernetes' words; null when right. */
export function dns1035LabelProblem(name: string): string | null {
  if (name.length > DNS_LABEL_MAX_LENGTH) return `must be no more than ${DNS_LABEL_MAX_LENGTH} characters`;
  if (DNS_1035_LABEL.test(name)) return null;
  return (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
  );
}

/** As dns1035LabelProblem, for the beginning of a name: it may end in a dash. */
export function dns1035PrefixProblem(prefix: string): string | null {
  return dns1035LabelProblem(prefix.replace(/-$/, "a"));
}

/** What is wrong with a name that must be an RFC 1123 subdomain (ConfigMap, service account); null when right. */
export function dns1123SubdomainProblem(name: string): string | null {
  if (name.length > 253) return "must be no more than 253 characters";
  if (DNS_1123_SUBDOMAIN.test(name)) return null;
  return (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  );
}

/** Whether a text is a label of RFC 1123, as names of containers and volumes are: as DNS-1035, and a digit may come first. */
export function isDns1123Label(name: string): boolean {
  return name.length <= DNS_LABEL_MAX_LENGTH && DNS_1123_LABEL.test(name);
}

/** Whether a label or annotation key is `name` or `prefix/name` as Kubernetes wants it. */
export function isQualifiedKey(key: string): boolean {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const prefix = slash === -1 ? null : key.slice(0, slash);
  if (prefix !== null && dns1123SubdomainProblem(prefix) !== null) return false;
  return name.length <= DNS_LABEL_MAX_LENGTH && QUALIFIED_NAME.test(name);
}

/** Whether a text may be the value of a label. */
export function isLabelValue(value: string): boolean {
  return value.length <= DNS_LABEL_MAX_LENGTH && LABEL_VALUE.test(value);
}

/**
 * The name of a child object, at most 63 characters, the same for the same input.
 * `childName("hello", "-00001")` is `hello-00001`; a parent too long keeps a prefix and gets its MD5.
 * Source: knative.dev/pkg/kmeta ChildName
 */
export function childName(parent: string, suffix: string): string {
  if (parent.length + suffix.length <= DNS_LABEL_MAX_LENGTH) return parent + suffix;
  const room = DNS_LABEL_MAX_LENGTH - 32;
  const name =
    suffix.length >= room
      ? parent.slice(0, room) + md5Hex(parent + suffix)
      : parent.slice(0, room - suffix.length) + md5Hex(parent) + suffix;
  return name.slice(0, DNS_LABEL_MAX_LENGTH).replace(/[^a-z0-9]+$/, "");
}

/**
 * A name for `metadata.generateName`.
 * @param random five numbers, each in [0, 1)
 */
export function generatedName(prefix: string, random: readonly number[]): string {
  let suffix = "";
  for (let i = 0; i < GENERATED_SUFFIX_LENGTH; i++) {
    suffix += GENERATED_ALPHABET[Math.floor((random[i] ?? 0) * GENERATED_ALPHABET.length)] ?? "b";
  }
  return prefix.slice(0, GENERATED_PREFIX_MAX_LENGTH) + suffix;
}
