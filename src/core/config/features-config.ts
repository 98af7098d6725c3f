/**
 * ConfigMap config-features: which optional parts of the API may be used.
 * Source: serving/pkg/apis/config/features.go
 */
export type FeatureState = "Enabled" | "Allowed" | "Disabled";

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

export function defaultFeaturesConfig(): FeaturesConfig {
  return FEATURES;
}
