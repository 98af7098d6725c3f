/** What a domain leads to: `--ref hello`, `--ref ksvc:hello`, `--ref ksvc:hello:NAMESPACE`, `--ref kroute:hello`. */

import { SERVING_API_VERSION } from "../../core/resource/resource-type.ts";
import { usage } from "../cli-error.ts";

export type Reference = {
  readonly apiVersion: string;
  readonly kind: "Service" | "Route";
  readonly name: string;
  readonly namespace: string;
};

const KINDS: Readonly<Record<string, Reference["kind"]>> = { ksvc: "Service", kroute: "Route" };

/** @param namespace where the name is looked for unless the reference says */
export function parseDomainReference(text: string, namespace: string): Reference {
  const parts = text.split(":");
  const [prefix = "", name = "", own = namespace] = parts.length === 1 ? ["ksvc", text] : parts;
  const kind = Object.hasOwn(KINDS, prefix) ? KINDS[prefix] : undefined;
  if (kind === undefined || name === "" || own === "" || parts.length > 3) {
    throw usage(`--ref expects NAME, ksvc:NAME, ksvc:NAME:NAMESPACE or kroute:NAME; given '${text}'`);
  }
  return { apiVersion: SERVING_API_VERSION, kind, name, namespace: own };
}
