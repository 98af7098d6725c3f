/** The slice of the environment that the gateway uses. */
import type { ObjectNamespace, RevisionRpc, RoutesRpc } from "../../core/protocol/objects.ts";

export type GatewayEnv = {
  readonly ROUTES: ObjectNamespace<RoutesRpc>;
  readonly REVISION: ObjectNamespace<RevisionRpc>;
  /** Copies of the routes in KV, for when a Routes object does not answer. */
  readonly ROUTE_COPIES?: { get(key: string, options: { cacheTtl: number }): Promise<string | null> };
  /** Direct access to the network where the runtime has it (Miniflare's outbound hop costs 100 µs); else global fetch. */
  readonly NET?: { fetch: typeof fetch };
  /**
   * Set where Cloudflare is not in front: the address that all clients have (a loopback edge knows it), "" when it cannot
   * be known. Unset: the header cf-connecting-ip, which Cloudflare writes.
   */
  readonly CLIENT_IP?: string;
};

/** What a handler needs of the execution context. */
export type Background = { waitUntil(promise: Promise<unknown>): void };
