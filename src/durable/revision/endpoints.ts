/**
 * From pod ids to endpoints that an isolate can call: URL and signed grant. A lease's grant is made once per pod and
 * second and shared by all isolates, so a burst of thousands of held requests signs a handful of times.
 */
import type { Endpoint } from "../../core/protocol/admission.ts";
import { LEASE_TTL_MS, TICKET_GRANT_TTL_MS } from "../../core/revision/leases.ts";
import type { RevisionMachine } from "../../core/revision/machine.ts";
import { GrantSigner } from "../grant-signer.ts";

/** A lease's grant outlives the lease by at least this much; within it the grant is reused. */
const REUSE_MS = 1_000;

export class Endpoints {
  readonly #signer: GrantSigner;
  readonly #machine: RevisionMachine;
  readonly #leaseGrants = new Map<string, { readonly untilMs: number; readonly endpoint: Promise<Endpoint> }>();
  readonly #leaseId = crypto.randomUUID().slice(0, 8);

  constructor(rootKey: string, machine: RevisionMachine) {
    this.#signer = new GrantSigner(rootKey);
    this.#machine = machine;
  }

  forTicket(podId: string, ticketId: string, nowMs: number): Promise<Endpoint> {
    return this.#endpoint(podId, `${this.#leaseId}-${ticketId}`, nowMs + TICKET_GRANT_TTL_MS);
  }

  forLease(podIds: readonly string[], expiresAtMs: number): Promise<Endpoint[]> {
    return Promise.all(podIds.map((podId) => this.#leased(podId, expiresAtMs)));
  }

  #leased(podId: string, expiresAtMs: number): Promise<Endpoint> {
    const known = this.#leaseGrants.get(podId);
    if (known !== undefined && known.untilMs >= expiresAtMs) return known.endpoint;
    const untilMs = expiresAtMs + REUSE_MS;
    const endpoint = this.#endpoint(podId, this.#leaseId, untilMs);
    for (const [id, { untilMs: end }] of this.#leaseGrants) {
      if (end < expiresAtMs - LEASE_TTL_MS) this.#leaseGrants.delete(id);
    }
    this.#leaseGrants.set(podId, { untilMs, endpoint });
    return endpoint;
  }

  async #endpoint(podId: string, leaseId: string, expiresAtMs: number): Promise<Endpoint> {
    const contact = this.#machine.contact(podId);
    // The pod went while the answer was on its way: an endpoint that refuses makes the gateway ask again.
    if (contact?.dataUrl == null) return { podId, url: "http://0.0.0.0:9/gone", grant: "" };
    const { agentUid, keyEpoch, dataUrl } = contact;
    const grant = await this.#signer.sign(agentUid, { podId, leaseId, expiresAtMs, keyEpoch });
    return { podId, url: `${dataUrl}/${podId}`, grant };
  }
}
