/**
 * Lets a Routes object of the same process make this isolate forget hosts at once. Elsewhere the freshness bound does
 * that, within seconds.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { forgetRoutes } from "./route-cache.ts";

export class RouteCacheControl extends WorkerEntrypoint {
  forget(hosts: readonly string[]): void {
    forgetRoutes(hosts);
  }
}
