/** What is kept of a Revision beside its body, so that nobody reads all bodies of a Configuration to choose from them. */
import {
  ANNOTATION_NO_GC,
  ANNOTATION_ROUTING_STATE_MODIFIED,
  LABEL_CONFIGURATION_GENERATION,
  LABEL_ROUTING_STATE,
} from "../resource/annotations.ts";
import type { KubeObject } from "../resource/object.ts";

export type RevisionRow = {
  readonly configurationUid: string;
  /** The generation of its Configuration that it was made for. */
  readonly generation: number;
  readonly name: string;
  readonly createdAtMs: number;
  /** When its routing state changed last; null while it is in use, marked for deletion or annotated no-gc. */
  readonly reserveSinceMs: number | null;
};

/** A revision that only its age keeps. */
export type Reserve = {
  readonly uid: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly reserveSinceMs: number;
};

/** @returns null for what is no Revision of a Configuration */
export function revisionRow({ kind, metadata }: KubeObject): RevisionRow | null {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (kind !== "Revision" || owner === undefined) return null;
  const createdAtMs = Date.parse(metadata.creationTimestamp);
  // Without that time it counts from its creation.
  const modifiedMs = Date.parse(metadata.annotations?.[ANNOTATION_ROUTING_STATE_MODIFIED] ?? "");
  return {
    configurationUid: owner.uid,
    generation: generationOf({ metadata }),
    name: metadata.name,
    createdAtMs,
    reserveSinceMs: isReserve(metadata) ? (Number.isNaN(modifiedMs) ? createdAtMs : modifiedMs) : null,
  };
}

/** 0 for one that does not say. */
export function generationOf({ metadata }: Pick<KubeObject, "metadata">): number {
  return Number(metadata.labels?.[LABEL_CONFIGURATION_GENERATION] ?? 0) || 0;
}

function isReserve({ labels, annotations, deletionTimestamp }: KubeObject["metadata"]): boolean {
  const isKeptByHand = annotations?.[ANNOTATION_NO_GC]?.toLowerCase() === "true";
  return labels?.[LABEL_ROUTING_STATE] === "reserve" && !isKeptByHand && deletionTimestamp === undefined;
}
