/**
 * From pod ids to endpoints that an isolate can call: URL and signed grant. A grant is made once per pod and second and
 * shared by all who get the pod, so a burst of thousands of held requests signs a handful of times, and the queue-proxy
 * verifies as often (7.4 µs for a new grant, 0.13 for a known one).
 */
import type { Endpoint } from "../../core/protocol/admission.ts";
import { TICKET_GRANT_TTL_MS } from "../../core/revision/leases.ts";
import type { RevisionMachine } from "../../core/revision/machine.ts";
import { GrantSigner } from "../grant-signer.ts";

/** A grant outlives what it is given for by up to this much; so long it is reused. */
const REUSE_MS = 1_000;

export class Endpoints {
  readonly #signer: GrantSigner;
  readonly #machine: RevisionMachine;
  /** Pod id → its newest grant. */
  readonly #grants = new Map<string, { readonly untilMs: number; readonly grant: Promise<string> }>();
  readonly #leaseId = crypto.randomUUID().slice(0, 8);

  constructor(rootKey: string, machine: RevisionMachine) {
    this.#signer = new GrantSigner(rootKey);
    this.#machine = machine;
  }

  /** A ticket's grant is the pod's: the ledger gives out slots, the grant only opens the door. */
  forTicket(podId: string, nowMs: number): Promise<Endpoint | null> {
    return this.#granted(podId, nowMs + TICKET_GRANT_TTL_MS);
  }

  async forLease(podIds: readonly string[], expiresAtMs: number): Promise<Endpoint[]> {
    const endpoints = await Promise.all(podIds.map((podId) => this.#granted(podId, expiresAtMs)));
    return endpoints.filter((endpoint) => endpoint !== null);
  }

  /** @returns null for a pod that is gone */
  async #granted(podId: string, expiresAtMs: number): Promise<Endpoint | null> {
    const contact = this.#machine.contact(podId);
    if (contact?.dataUrl == null) return null;
    const url = `${contact.dataUrl}/${podId}`;
    const known = this.#grants.get(podId);
    if (known !== undefined && known.untilMs >= expiresAtMs) return { podId, url, grant: await known.grant };
    const untilMs = expiresAtMs + REUSE_MS;
    const claims = { podId, leaseId: this.#leaseId, expiresAtMs: untilMs, keyEpoch: contact.keyEpoch };
    const grant = this.#signer.sign(contact.agentUid, claims);
    this.#forgetExpired(expiresAtMs);
    this.#grants.set(podId, { untilMs, grant });
    return { podId, url, grant: await grant };
  }

  #forgetExpired(expiresAtMs: number): void {
    for (const [podId, { untilMs }] of this.#grants) if (untilMs < expiresAtMs) this.#grants.delete(podId);
  }
}
