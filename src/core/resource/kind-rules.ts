/** The admission rules of each kind. */
import { CONFIG_MAP_RULES } from "./config-map.ts";
import { CORE_SERVICE_RULES } from "./core-service.ts";
import { DOMAIN_MAPPING_RULES } from "./domain-mapping.ts";
import { EVENT_RULES } from "./event.ts";
import type { KindRules } from "./kind-rule.ts";
import { NAMESPACE_RULES } from "./namespace.ts";
import type { KindName } from "./object.ts";
import { SECRET_RULES } from "./secret.ts";
import { CONFIGURATION_RULES, REVISION_RULES, ROUTE_RULES, SERVICE_RULES } from "./serving-rules.ts";

export const KIND_RULES: Readonly<Record<KindName, KindRules>> = {
  Service: SERVICE_RULES,
  Configuration: CONFIGURATION_RULES,
  Revision: REVISION_RULES,
  Route: ROUTE_RULES,
  DomainMapping: DOMAIN_MAPPING_RULES,
  CoreService: CORE_SERVICE_RULES,
  ConfigMap: CONFIG_MAP_RULES,
  Secret: SECRET_RULES,
  Namespace: NAMESPACE_RULES,
  Event: EVENT_RULES,
};
