/**
 * The core Service at which Knative's own test programs look up where requests for services go: the address that they
 * called the API at, since one edge answers for both.
 */
import { Hono } from "hono";
import { RESOURCE_TYPES } from "../../core/resource/resource-type.ts";
import type { TableObject } from "../../core/resource/table.ts";
import { type ApiContext, answerObject } from "./answers.ts";
import type { ApiEnvironment } from "./environment.ts";

const NAMESPACE = "istio-system";
const NAME = "istio-ingressgateway";

export function ingressGatewayRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>().get(`/api/v1/namespaces/${NAMESPACE}/services/${NAME}`, (c) =>
    answerObject(c, RESOURCE_TYPES.CoreService, { ok: true, value: gatewayAt(c) }),
  );
}

function gatewayAt(c: ApiContext): TableObject {
  const { protocol, hostname, port } = new URL(c.req.url);
  const edgePort = Number(port) || (protocol === "https:" ? 443 : 80);
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith("[");
  const address = isAddress ? { ip: hostname.replaceAll(/[[\]]/g, "") } : { hostname };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: NAMESPACE, resourceVersion: "1" },
    spec: {
      type: "LoadBalancer",
      ports: [{ name: "http2", protocol: "TCP", port: 80, targetPort: edgePort, nodePort: edgePort }],
    },
    status: { loadBalancer: { ingress: [address] } },
  };
}
