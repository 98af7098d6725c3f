/**
 * What clients ask to learn which kinds there are: /version, /api, /apis and the list of each group and version; newer
 * ones ask for all of it at once (`APIGroupDiscoveryList`).
 */
import { Hono } from "hono";
import { unknownPath } from "../../core/resource/api-status.ts";
import { SERVED_TYPES } from "../../core/resource/resource-type.ts";
import { REVIEW_GROUPS } from "./access-review.ts";
import { type ApiContext, answerStatus } from "./answers.ts";
import type { ApiEnvironment } from "./environment.ts";
import { acceptClauses } from "./format.ts";

/** The Kubernetes version whose wire conventions this API follows. */
const VERSION = {
  major: "1",
  minor: "33",
  gitVersion: "v1.33.0-rouse",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "",
};

/** A line of an APIResourceList. */
export type ApiResource = {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
};

type GroupVersion = {
  readonly group: string;
  readonly version: string;
  readonly groupVersion: string;
  readonly resources: readonly ApiResource[];
};

/** A group's preferred version is its first. */
const VERSION_ORDER = ["v1", "v1beta1", "v1alpha1"];

const GROUP_VERSIONS: readonly GroupVersion[] = [...storedGroupVersions(), ...reviewGroupVersions()];

export function discoveryRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>()
    .get("/version", (c) => c.json(VERSION))
    .get("/api", (c) => answerAggregated(c, [""]) ?? c.json(API_VERSIONS))
    .get("/apis", (c) => answerAggregated(c, groupNames()) ?? c.json(groupList()))
    .get("/api/v1", (c) => c.json(resourceList("", "v1")))
    .get("/apis/:group", (c) => {
      const { group } = c.req.param();
      if (!groupNames().includes(group)) return answerStatus(unknownPath());
      return c.json({ kind: "APIGroup", apiVersion: "v1", ...describeGroup(group) });
    })
    .get("/apis/:group/:version", (c) => {
      const { group, version } = c.req.param();
      const list = resourceList(group, version);
      return list === null ? answerStatus(unknownPath()) : c.json(list);
    });
}

const API_VERSIONS = { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };

function groupNames(): string[] {
  return [...new Set(GROUP_VERSIONS.map(({ group }) => group))].filter((group) => group !== "");
}

function groupList() {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groupNames().map(describeGroup) };
}

function describeGroup(name: string) {
  const versions = versionsOf(name).map(({ groupVersion, version }) => ({ groupVersion, version }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(group: string, version: string) {
  const found = GROUP_VERSIONS.find((candidate) => candidate.group === group && candidate.version === version);
  if (found === undefined) return null;
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: found.groupVersion, resources: found.resources };
}

/** @returns null when the client asks for plain discovery */
function answerAggregated(c: ApiContext, groups: readonly string[]): Response | null {
  const clause = acceptClauses(c.req.raw).find(
    ({ mediaType, parameters }) =>
      mediaType === "application/json" &&
      parameters.get("g") === "apidiscovery.k8s.io" &&
      parameters.get("as") === "APIGroupDiscoveryList",
  );
  const version = clause?.parameters.get("v") ?? "";
  if (version !== "v2" && version !== "v2beta1") return null;
  const body = {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((name) => ({ metadata: { name }, versions: versionsOf(name).map(aggregatedVersion) })),
  };
  const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return new Response(JSON.stringify(body), { headers: { "content-type": type, vary: "Accept" } });
}

function aggregatedVersion({ group, version, resources }: GroupVersion) {
  return {
    version,
    freshness: "Current",
    resources: resources.map(({ name, singularName, namespaced, kind, ...rest }) => ({
      resource: name,
      singularResource: singularName,
      scope: namespaced ? "Namespaced" : "Cluster",
      responseKind: { group, version, kind },
      ...rest,
    })),
  };
}

function versionsOf(group: string): GroupVersion[] {
  return GROUP_VERSIONS.filter((candidate) => candidate.group === group).sort(
    (a, b) => VERSION_ORDER.indexOf(a.version) - VERSION_ORDER.indexOf(b.version),
  );
}

function storedGroupVersions(): GroupVersion[] {
  const byApiVersion = Map.groupBy(SERVED_TYPES, (type) => type.apiVersion);
  return [...byApiVersion].map(([groupVersion, types]) => ({
    group: types[0]?.group ?? "",
    version: types[0]?.version ?? "",
    groupVersion,
    resources: types.map((type) => ({
      name: type.plural,
      singularName: type.wireKind.toLowerCase(),
      namespaced: type.isNamespaced,
      kind: type.wireKind,
      verbs: [
        ...type.verbs,
        ...(type.verbs.includes("delete") && type.isNamespaced ? ["deletecollection"] : []),
        ...(type.verbs.includes("list") ? ["watch"] : []),
      ].sort(),
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    })),
  }));
}

function reviewGroupVersions(): GroupVersion[] {
  return REVIEW_GROUPS.map(({ group, kinds }) => ({
    group,
    version: "v1",
    groupVersion: `${group}/v1`,
    resources: kinds.map((kind) => ({
      name: `${kind.toLowerCase()}s`,
      singularName: kind.toLowerCase(),
      namespaced: false,
      kind,
      verbs: ["create"],
    })),
  }));
}
