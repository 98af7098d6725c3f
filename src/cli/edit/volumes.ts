/** Files in a container: `--volume NAME=cm:X` makes a volume, `--mount /DIR=cm:X` mounts it, with a volume of its own. */
import { usage } from "../cli-error.ts";
import type { Assignments } from "./assignments.ts";
import type { Mount, Volume } from "./editable-service.ts";
import { SOURCE_KINDS } from "./environment.ts";

export type Files = { readonly mounts: readonly Mount[]; readonly volumes: readonly Volume[] };

const EMPTY_DIR_WORDS = new Set(["ed", "emptyDir"]);

/** @param assignments of `--volume`: name → `cm:NAME`, `secret:NAME` or `ed:` */
export function editVolumes(files: Files, { set, remove }: Assignments): Files {
  const volumes = [...set].map(([name, text]) => parseVolume(name, text));
  return {
    ...files,
    volumes: putVolumes(
      files.volumes.filter(({ name }) => !remove.has(name)),
      volumes,
    ),
  };
}

/** @param assignments of `--mount`: directory → `cm:NAME[/SUBPATH]`, `secret:NAME`, `ed:NAME`, or the name of a volume */
export function editMounts(files: Files, { set, remove }: Assignments): Files {
  const kept = files.mounts.filter(({ mountPath }) => !remove.has(mountPath) && !set.has(mountPath));
  const added = [...set].map(([mountPath, text]) => parseMount(mountPath, text));
  const mounts = [...kept, ...added.map(({ mount }) => mount)];
  const volumes = putVolumes(
    files.volumes,
    added.flatMap(({ volume }) => (volume === null ? [] : [volume])),
  );
  return { mounts, volumes: volumes.filter(({ name }) => isStillWanted(name, files.mounts, mounts)) };
}

/** A volume that a mount brought goes with its last mount; others are the user's own. */
function isStillWanted(name: string, before: readonly Mount[], after: readonly Mount[]): boolean {
  const isMounted = (mounts: readonly Mount[]) => mounts.some((mount) => mount.name === name);
  return isMounted(after) || !isMounted(before) || !GENERATED_NAME.test(name);
}

const GENERATED_NAME = /^(cm|secret|ed)-/;

function parseMount(mountPath: string, text: string): { readonly mount: Mount; readonly volume: Volume | null } {
  const [type = "", source] = text.split(":");
  const [name = "", ...subPath] = (source ?? type).split("/");
  if (name === "" || !mountPath.startsWith("/")) {
    throw usage(`--mount expects /DIR=cm:NAME, /DIR=secret:NAME or /DIR=VOLUME; given '${mountPath}=${text}'`);
  }
  const sub = subPath.length === 0 ? {} : { subPath: subPath.join("/") };
  if (source === undefined) return { mount: { name, mountPath, ...sub }, volume: null };
  const prefix = EMPTY_DIR_WORDS.has(type) ? "ed" : SOURCE_KINDS[type] === "configMap" ? "cm" : "secret";
  const volume = parseVolume(`${prefix}-${name}`, `${type}:${name}`);
  return { mount: { name: volume.name, mountPath, ...sub }, volume };
}

function parseVolume(name: string, text: string): Volume {
  const [type = "", source = ""] = text.split(":");
  if (EMPTY_DIR_WORDS.has(type)) return { name, emptyDir: {} };
  const kind = SOURCE_KINDS[type];
  if (kind === undefined || source === "") {
    throw usage(`a volume is cm:NAME (ConfigMap), secret:NAME or ed:NAME (empty directory); given '${text}'`);
  }
  return kind === "configMap" ? { name, configMap: { name: source } } : { name, secret: { secretName: source } };
}

function putVolumes(volumes: readonly Volume[], added: readonly Volume[]): Volume[] {
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  for (const volume of added) byName.set(volume.name, volume);
  return [...byName.values()];
}
