/** ConfigMap config-domain: the suffixes of public hosts, each with the labels of the routes that use it. */
export type DomainConfig = readonly DomainRule[];

export type DomainRule = {
  readonly domain: string;
  /** Label → value, all of which a route must have; empty = every route. */
  readonly selector: Readonly<Record<string, string>>;
};
