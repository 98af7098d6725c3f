/**
 * DomainMapping → an entry for its name, with the targets that the Service behind it has at the moment. Of several mappings
 * of one name, in whatever namespaces, the one that was made first has it; the next takes over when that is gone.
 *
 *     name claimed ─▶ reference resolved ─▶ the target's entry copied ─▶ delivered, settled (ingress.ts) ─▶ Ready
 *
 * Source: serving/pkg/reconciler/domainmapping, domainmapping_lifecycle.go
 */
import { type ConditionWish, nextConditions } from "../resource/conditions.ts";
import type { DomainMapping, DomainMappingStatus } from "../resource/domain-mapping.ts";
import type { KindName } from "../resource/object.ts";
import { RESOURCE_TYPES } from "../resource/resource-type.ts";
import type { Service } from "../resource/serving.ts";
import { isControlHost } from "../routing/host.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf } from "../routing/hosts.ts";
import { writeStatus } from "./child.ts";
import { type EntryPlan, INGRESS_NOT_CONFIGURED, ingressReady, planEntries } from "./ingress.ts";
import type { EntryDraft, Observed, Settings, Write } from "./observed.ts";

export function reconcileDomainMapping(mapping: DomainMapping, observed: Observed, settings: Settings): Write[] {
  const { name, uid, generation } = mapping.metadata;
  // Admission refuses it, but the API may have moved here since.
  const isApiHost = isControlHost(name, settings.controlHost);
  const isClaimed = !isApiHost && observed.domainOwner(name) === uid;
  const reference = resolveReference(mapping, observed);
  const wanted = isClaimed && reference.ok ? entriesFor(name, reference.host, observed) : [];
  const current = observed.hostsOf(uid);
  const plan = planEntries(mapping, wanted, current, observed);
  const ingress = ingressReady(mapping, current, plan, settings);
  const url = `${settings.config.network.defaultExternalScheme}://${name}`;
  const wishes: ConditionWish[] = [
    CERTIFICATE_PROVISIONED,
    isApiHost ? DOMAIN_OF_API : domainClaimed(isClaimed, plan),
    reference.ok
      ? { type: "ReferenceResolved", status: "True" }
      : { type: "ReferenceResolved", status: "False", reason: "ResolveFailed", message: reference.message },
    wanted.length === 0 || plan.stolenHost !== null ? INGRESS_NOT_CONFIGURED : ingress.wish,
  ];
  const status: DomainMappingStatus = {
    observedGeneration: generation,
    conditions: nextConditions(mapping.status?.conditions, wishes, settings.nowMs),
    url,
    address: { url },
  };
  return [...plan.writes, ...ingress.writes, ...writeStatus(mapping, status)];
}

/**
 * The kind that a reference means.
 * @returns null for one that has no address here
 */
export function referredKind({ apiVersion, kind }: DomainMapping["spec"]["ref"]): KindName | null {
  const type = REFERABLE.find((known) => known.apiVersion === apiVersion && known.wireKind === kind);
  return type?.kind ?? null;
}

const REFERABLE = [RESOURCE_TYPES.Service, RESOURCE_TYPES.Route, RESOURCE_TYPES.CoreService];

const CERTIFICATE_PROVISIONED: ConditionWish = {
  type: "CertificateProvisioned",
  status: "True",
  reason: "TLSNotEnabled",
  message: "external-domain-tls is not enabled",
};

const DOMAIN_OF_API: ConditionWish = {
  type: "DomainClaimed",
  status: "False",
  reason: "DomainAlreadyClaimed",
  message: "The domain name is the host of the API",
};

function domainClaimed(isClaimed: boolean, plan: EntryPlan): ConditionWish {
  const type = "DomainClaimed";
  if (isClaimed && plan.stolenHost === null) return { type, status: "True" };
  const holder = isClaimed ? "a Route" : "another DomainMapping";
  const message = `The domain name is already in use by ${holder}`;
  return { type, status: "False", reason: "DomainAlreadyClaimed", message };
}

type Resolved =
  /** The cluster-local host of what is referred to. */
  { readonly ok: true; readonly host: string } | { readonly ok: false; readonly message: string };

/** Messages are those of knative.dev/pkg/resolver. */
function resolveReference({ metadata, spec: { ref } }: DomainMapping, observed: Observed): Resolved {
  const { namespace = "" } = metadata;
  const { name = "", kind = "", apiVersion = "" } = ref;
  const kindName = referredKind(ref);
  if (kindName === null) {
    const message = `${kind} of ${apiVersion} has no address; refer to a Service or Route of serving.knative.dev/v1`;
    return { ok: false, message };
  }
  const target = observed.get(kindName, namespace, name);
  if (target === null) {
    const { resource } = RESOURCE_TYPES[kindName];
    return {
      ok: false,
      message: `failed to get object ${namespace}/${name}: ${resource} ${JSON.stringify(name)} not found`,
    };
  }
  if (kindName !== "CoreService" && (target as Service).status?.address === undefined) {
    const what = `Kind = ${kind}, Namespace = ${namespace}, Name = ${name}, APIVersion = ${apiVersion}`;
    return { ok: false, message: `address not set for ${what}, Group = , Address = ` };
  }
  return { ok: true, host: hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN) };
}

/** What answers on the cluster-local host answers on the domain too. Nothing while that host is not served yet. */
function entriesFor(domain: string, localHost: string, observed: Observed): EntryDraft[] {
  const owner = observed.hostOwner(localHost);
  const row = owner === null ? undefined : observed.hostsOf(owner).find(({ host }) => host === localHost);
  return !row?.entry ? [] : [{ ...row.entry, host: domain, visibility: "external" }];
}
