/**
 * ConfigMap config-defaults: what a Revision gets when its template leaves a field out, and the limits of such fields.
 * Source: serving/pkg/apis/config/defaults.go
 */
export type DefaultsConfig = {
  readonly revisionTimeoutSec: number;
  readonly maxRevisionTimeoutSec: number;
  /** null = as long as the revision's timeout. */
  readonly revisionResponseStartTimeoutSec: number | null;
  /** 0 = none. */
  readonly revisionIdleTimeoutSec: number;
  /** 0 = no limit. */
  readonly containerConcurrency: number;
  readonly containerConcurrencyMaxLimit: number;
  readonly allowContainerConcurrencyZero: boolean;
  /** null = left to the template. */
  readonly enableServiceLinks: boolean | null;
  /** A Go template over the owner's metadata, for the only container of a template. */
  readonly containerNameTemplate: string;
  readonly initContainerNameTemplate: string;
  /** Resource requests and limits by resource name (`cpu`, `memory`, `ephemeral-storage`), as Kubernetes quantities. */
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
};

export function defaultDefaultsConfig(): DefaultsConfig {
  return {
    revisionTimeoutSec: 300,
    maxRevisionTimeoutSec: 600,
    revisionResponseStartTimeoutSec: null,
    revisionIdleTimeoutSec: 0,
    containerConcurrency: 0,
    containerConcurrencyMaxLimit: 1000,
    allowContainerConcurrencyZero: true,
    enableServiceLinks: false,
    containerNameTemplate: "user-container",
    initContainerNameTemplate: "init-container",
    requests: {},
    limits: {},
  };
}
