/**
 * YAML 1.1 as Knative reads it in ConfigMaps, through Go's sigs.k8s.io/yaml: of a repeated key the last one counts, and
 * times of day, sexagesimal numbers and timestamps are text.
 */
import type { Tags } from "yaml";
import { parse } from "yaml";
import type { ParseYaml } from "../../core/config/domain-config.ts";

/** Far above any real value, and small enough to be parsed within an admission. */
const MAX_CHARS = 16_384;

export const parseYaml: ParseYaml = (text) => {
  if (text.length > MAX_CHARS) return { ok: false, message: `longer than ${MAX_CHARS} characters` };
  try {
    return { ok: true, value: parse(text, OPTIONS) as unknown };
  } catch (error) {
    return { ok: false, message: `not valid YAML: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const OPTIONS = {
  version: "1.1",
  uniqueKeys: false,
  intAsBigInt: true,
  prettyErrors: false,
  logLevel: "error",
  customTags: (tags: Tags) =>
    tags.filter((tag) => typeof tag === "string" || (tag.format !== "TIME" && !tag.tag.endsWith(":timestamp"))),
} as const;
