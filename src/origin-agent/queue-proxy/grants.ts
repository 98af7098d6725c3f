/**
 * Checks grants (core/protocol/grant.ts): the MAC once per grant, then from a bounded memory until it expires.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { GRANT_CLOCK_LEEWAY_MS, parseGrant } from "../../core/protocol/grant.ts";

/** A lease is one entry for 10 s, a ticket one for its one request. */
const REMEMBERED_GRANTS = 4_096;

export class Grants {
  readonly #keys = new Map<number, KeyObject>();
  /** Grant text → the pod it opens and when it expires. The oldest goes first. */
  readonly #verified = new Map<string, { readonly podId: string; readonly expiresAtMs: number }>();

  /** @param keys replaces all keys that were known; raw 32 bytes in base64url */
  setKeys(keys: readonly { readonly epoch: number; readonly key: string }[]): void {
    this.#keys.clear();
    this.#verified.clear();
    for (const { epoch, key } of keys) this.#keys.set(epoch, createSecretKey(Buffer.from(key, "base64url")));
  }

  /**
   * @param nowMs on the edge's clock
   * @returns null when the grant opens the pod now, else what is wrong, for people
   */
  problemOf(grant: string, podId: string, nowMs: number): string | null {
    const known = this.#verified.get(grant) ?? this.#verify(grant);
    if (typeof known === "string") return known;
    if (known.podId !== podId) return "the grant is for another pod";
    if (nowMs <= known.expiresAtMs + GRANT_CLOCK_LEEWAY_MS) return null;
    this.#verified.delete(grant);
    return "the grant has expired";
  }

  #verify(grant: string): { readonly podId: string; readonly expiresAtMs: number } | string {
    if (grant === "") return "there is no grant";
    const parsed = parseGrant(grant);
    if (parsed === null) return "the grant is malformed";
    const key = this.#keys.get(parsed.claims.keyEpoch);
    if (key === undefined) return `the grant is signed with key epoch ${parsed.claims.keyEpoch}, which is not in use`;
    const expected = createHmac("sha256", key).update(parsed.payload).digest();
    const actual = Buffer.from(parsed.signature, "base64url");
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return "the grant is forged";
    const { podId, expiresAtMs } = parsed.claims;
    const verified = { podId, expiresAtMs };
    this.#verified.set(grant, verified);
    if (this.#verified.size > REMEMBERED_GRANTS) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    return verified;
  }
}
