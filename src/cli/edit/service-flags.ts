/** What the flags of `service create`, `update` and `apply` say, as values. */

export type ServiceFlags = {
  readonly image?: string;
  readonly driver?: string;
  readonly cmd?: readonly string[];
  readonly arg?: readonly string[];
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly envValueFrom?: readonly string[];
  readonly envFrom?: readonly string[];
  readonly mount?: readonly string[];
  readonly volume?: readonly string[];
  readonly port?: string;
  readonly request?: readonly string[];
  readonly limit?: readonly string[];
  readonly probeLiveness?: string;
  readonly probeLivenessOpts?: readonly string[];
  readonly probeReadiness?: string;
  readonly probeReadinessOpts?: readonly string[];
  readonly user?: number;
  readonly serviceAccount?: string;
  readonly pullSecret?: string;
  readonly timeout?: number;
  readonly concurrencyLimit?: number;
  readonly concurrencyTarget?: number;
  readonly concurrencyUtilization?: number;
  readonly scale?: string;
  readonly scaleMin?: number;
  readonly scaleMax?: number;
  readonly scaleInit?: number;
  readonly scaleActivation?: number;
  readonly scaleMetric?: string;
  readonly scaleTarget?: number;
  readonly scaleUtilization?: number;
  readonly scaleWindow?: string;
  readonly label?: readonly string[];
  readonly labelService?: readonly string[];
  readonly labelRevision?: readonly string[];
  readonly annotation?: readonly string[];
  readonly annotationService?: readonly string[];
  readonly annotationRevision?: readonly string[];
  readonly clusterLocal?: boolean;
  readonly revisionName?: string;
};

export type TrafficFlags = {
  readonly traffic?: readonly string[];
  readonly tag?: readonly string[];
  readonly untag?: readonly string[];
};
