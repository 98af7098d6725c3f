/**
 * ConfigMap config-features: which optional parts of the API may be used. As in Knative a value that is no state leaves
 * the default as it is.
 * Source: serving/pkg/apis/config/features.go
 */
import { type ConfigData, type ConfigResult, NO_EFFECT } from "./rows.ts";

export type FeatureState = "Enabled" | "Allowed" | "Disabled";

const STATES: readonly FeatureState[] = ["Enabled", "Allowed", "Disabled"];

/** By the key in the ConfigMap, such as `kubernetes.podspec-init-containers` or `multi-container`. */
export type FeaturesConfig = Readonly<Record<FeatureName, FeatureState>>;

export type FeatureName = keyof typeof FEATURES;

/** Every flag with its default. */
const FEATURES = {
  "multi-container": "Enabled",
  "multi-container-probing": "Disabled",
  "kubernetes.podspec-affinity": "Disabled",
  "kubernetes.podspec-topologyspreadconstraints": "Disabled",
  "kubernetes.podspec-hostaliases": "Disabled",
  "kubernetes.podspec-fieldref": "Disabled",
  "kubernetes.podspec-nodeselector": "Disabled",
  "kubernetes.podspec-runtimeclassname": "Disabled",
  "kubernetes.podspec-securitycontext": "Disabled",
  "kubernetes.podspec-shareprocessnamespace": "Disabled",
  "kubernetes.podspec-hostipc": "Disabled",
  "kubernetes.podspec-hostpid": "Disabled",
  "kubernetes.podspec-hostnetwork": "Disabled",
  "kubernetes.podspec-priorityclassname": "Disabled",
  "kubernetes.podspec-schedulername": "Disabled",
  "kubernetes.podspec-tolerations": "Disabled",
  "kubernetes.podspec-volumes-emptydir": "Enabled",
  "kubernetes.podspec-volumes-hostpath": "Disabled",
  "kubernetes.podspec-volumes-csi": "Disabled",
  "kubernetes.podspec-persistent-volume-claim": "Disabled",
  "kubernetes.podspec-persistent-volume-write": "Disabled",
  "kubernetes.podspec-init-containers": "Disabled",
  "kubernetes.podspec-dnspolicy": "Disabled",
  "kubernetes.podspec-dnsconfig": "Disabled",
  "kubernetes.containerspec-addcapabilities": "Disabled",
  "tag-header-based-routing": "Disabled",
  "secure-pod-defaults": "Disabled",
} as const satisfies Readonly<Record<string, FeatureState>>;

/** @returns the state of every flag; never a problem */
export function parseFeaturesConfig(data: ConfigData): ConfigResult<FeaturesConfig> {
  const states = Object.entries<FeatureState>(FEATURES).map(([name, fallback]) => [
    name,
    toState(data[name]) ?? fallback,
  ]);
  return { ok: true, config: Object.fromEntries(states) as FeaturesConfig };
}

/** The config of an empty map. */
export function defaultFeaturesConfig(): FeaturesConfig {
  return FEATURES;
}

/** Every key that is read. */
export const FEATURES_CONFIG_KEYS: readonly string[] = Object.keys(FEATURES);

/** Whether a value says anything: a known flag in a known state. */
export const isFeature = (name: string, text: string) => Object.hasOwn(FEATURES, name) && toState(text) !== undefined;

export const FEATURES_EXAMPLE = [
  "# Optional parts of the API, each with its default:",
  "#   enabled   on for everybody",
  "#   allowed   on for those who ask for it",
  "#   disabled  refused",
  NO_EFFECT,
  "",
  ...Object.entries(FEATURES).map(([name, state]) => `${name}: ${JSON.stringify(state.toLowerCase())}`),
  "",
].join("\n");

function toState(text: string | undefined): FeatureState | undefined {
  return STATES.find((state) => state.toLowerCase() === text?.toLowerCase());
}
