/**
 * What volumes and their mounts must be: each volume has one source and is mounted, each mount has a volume. Paths of
 * items inside a source leave the source out, as Knative's do.
 * Source: Knative's k8s_validation.go (ValidateVolumes, validateVolumeMounts), fieldmask.go
 */
import type { FeatureName, FeaturesConfig } from "../config/features-config.ts";
import { isDns1123Label } from "../name.ts";
import type { Container, VolumeMount } from "./container.ts";
import {
  at,
  type FieldError,
  generic,
  invalidValue,
  missingField,
  missingOneOf,
  multipleOneOf,
} from "./field-error.ts";
import { validateItems, validateProjection } from "./projection-validation.ts";
import { isNegativeQuantity, quantityProblem } from "./quantity.ts";
import { refuseOthers } from "./refused-fields.ts";
import type { Volume } from "./volume.ts";

const SOURCES = ["secret", "configMap", "projected", "emptyDir", "persistentVolumeClaim", "hostPath", "csi"] as const;

const FEATURE_OF: Readonly<Partial<Record<(typeof SOURCES)[number], FeatureName>>> = {
  emptyDir: "kubernetes.podspec-volumes-emptydir",
  persistentVolumeClaim: "kubernetes.podspec-persistent-volume-claim",
  hostPath: "kubernetes.podspec-volumes-hostpath",
  csi: "kubernetes.podspec-volumes-csi",
};

/**
 * @param containers all containers of the pod, those that start it included
 * @returns problems with paths relative to the pod spec
 */
export function validateVolumes(
  volumes: readonly Volume[],
  containers: readonly Container[],
  features: FeaturesConfig,
): FieldError[] {
  const mounted = new Set(containers.flatMap((container) => (container.volumeMounts ?? []).map(({ name }) => name)));
  const first = volumesByName(volumes);
  return volumes.flatMap((volume, i) => {
    const { name = "" } = volume;
    const quoted = JSON.stringify(name);
    return at(`volumes[${i}]`, [
      ...(first.get(name) !== volume ? [generic(`duplicate volume name ${quoted}`, "name")] : []),
      ...(mounted.has(name) ? [] : [generic(`volume with name ${quoted} not mounted`, "name")]),
      ...validateVolume(volume, features),
    ]);
  });
}

/** The volumes of a pod as mounts find them: of those with the same name, the first. */
export function volumesByName(volumes: readonly Volume[]): VolumesByName {
  return new Map(volumes.toReversed().map((volume) => [volume.name ?? "", volume]));
}

export type VolumesByName = ReadonlyMap<string, Volume>;

/** @returns problems with paths relative to the container */
export function validateMounts(mounts: readonly VolumeMount[], volumes: VolumesByName): FieldError[] {
  const taken = new Set<string>();
  return mounts.flatMap((mount, i) => {
    const volume = volumes.get(mount.name ?? "");
    const path = cleanPath(mount.mountPath ?? "");
    const isTaken = taken.has(path);
    taken.add(path);
    return at(`volumeMounts[${i}]`, [
      ...refuseOthers(mount, ["name", "readOnly", "mountPath", "subPath"]),
      ...(volume === undefined || !mount.name ? [generic("volumeMount has no matching volume", "name")] : []),
      ...validateMountPath(mount.mountPath ?? "", isTaken),
      ...validateAccess(mount, volume ?? {}),
    ]);
  });
}

/** Whether pods may write to it; mounts of all other volumes are read-only, said or not. */
export function isWritable(volume: Volume): boolean {
  return volume.emptyDir !== undefined || volume.persistentVolumeClaim !== undefined;
}

function validateVolume(volume: Volume, features: FeaturesConfig): FieldError[] {
  const isOn = (source: (typeof SOURCES)[number]) => {
    const feature = FEATURE_OF[source];
    return feature === undefined || features[feature] === "Enabled";
  };
  const allowed = SOURCES.filter(isOn);
  const given = SOURCES.filter((source) => volume[source] !== undefined);
  return [
    ...validateName(volume.name ?? ""),
    ...refuseOthers(volume, ["name", ...allowed]),
    ...validateGatedSources(volume, isOn, features),
    ...at("emptyDir", validateEmptyDir(volume.emptyDir ?? {})),
    ...validateItems(volume.secret?.items ?? []),
    ...validateItems(volume.configMap?.items ?? []),
    ...(volume.projected?.sources ?? []).flatMap((source, i) => at(`projected[${i}]`, validateProjection(source))),
    ...(given.length === 0 ? [missingOneOf(...allowed)] : []),
    ...(given.length > 1 ? [multipleOneOf(...given)] : []),
  ];
}

function validateName(name: string): FieldError[] {
  if (name === "") return [missingField("name")];
  return isDns1123Label(name) ? [] : [invalidValue(name, "name")];
}

function validateGatedSources(
  volume: Volume,
  isOn: (source: (typeof SOURCES)[number]) => boolean,
  features: FeaturesConfig,
): FieldError[] {
  const { name = "", persistentVolumeClaim: claim } = volume;
  const claimText = `but found persistent volume claim ${claim?.claimName ?? ""}`;
  const mayWrite = features["kubernetes.podspec-persistent-volume-write"] === "Enabled";
  const off = (kind: string) => [generic(`${kind} volume support is disabled, but found ${kind} volume ${name}`, "")];
  return [
    ...(volume.emptyDir && !isOn("emptyDir") ? off("EmptyDir") : []),
    ...(volume.hostPath && !isOn("hostPath") ? off("HostPath") : []),
    ...(volume.csi && !isOn("csi") ? off("CSI") : []),
    ...(claim && !isOn("persistentVolumeClaim")
      ? [generic(`Persistent volume claim support is disabled, ${claimText}`, "")]
      : []),
    ...(claim && claim.readOnly !== true && !mayWrite
      ? [generic(`Persistent volume write support is disabled, ${claimText} that is not read-only`, "")]
      : []),
  ];
}

function validateEmptyDir({ medium = "", sizeLimit = 0 }: NonNullable<Volume["emptyDir"]>): FieldError[] {
  const problem = quantityProblem(sizeLimit);
  return [
    ...(medium === "" || medium === "Memory" ? [] : [invalidValue(medium, "medium")]),
    ...(problem === null ? [] : [invalidValue(sizeLimit, "sizeLimit", problem)]),
    ...(problem === null && isNegativeQuantity(sizeLimit) ? [invalidValue(sizeLimit, "sizeLimit")] : []),
  ];
}

const RESERVED_PATHS = ["/", "/dev", "/dev/log"];

function validateMountPath(path: string, isTaken: boolean): FieldError[] {
  if (path === "") return [missingField("mountPath")];
  const clean = cleanPath(path);
  if (RESERVED_PATHS.includes(clean)) return [generic(`mountPath "${clean}" is a reserved path`, "mountPath")];
  if (!path.startsWith("/")) return [invalidValue(path, "mountPath")];
  return isTaken ? [invalidValue(`${JSON.stringify(path)} must be unique`, "mountPath")] : [];
}

function validateAccess(mount: VolumeMount, volume: Volume): FieldError[] {
  if (mount.readOnly === true) return [];
  if (!isWritable(volume)) {
    return [generic("volume mount should be readOnly for this type of volume", "readOnly")];
  }
  return volume.persistentVolumeClaim?.readOnly === true
    ? [generic("volume is readOnly but volume mount is not", "readOnly")]
    : [];
}

/** Go's path.Clean: no empty, `.` and `..` parts. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  const isAbsolute = path.startsWith("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const isUp = part === "..";
    if (!isUp || (!isAbsolute && (parts.length === 0 || parts.at(-1) === ".."))) parts.push(part);
    else parts.pop();
  }
  return `${isAbsolute ? "/" : ""}${parts.join("/")}` || ".";
}
