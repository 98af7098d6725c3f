/**
 * A grant: the Revision object's word to a queue-proxy that the bearer may use one pod for a while. It is a MAC over
 * plain text, so isolates carry grants and hold no key:
 *
 *     <pod id>.<lease id>.<expiry, ms since epoch>.<key epoch>.<base64url HMAC-SHA-256 of all before the last dot>
 *
 * The key of an agent is HKDF-SHA-256(root key, salt = "rouse", info = "agent-key/<agent uid>/<epoch>"), 32 bytes; the
 * shells do the cryptography (WebCrypto at the edge, node:crypto at the agent), this file owns the text.
 */

export type GrantClaims = {
  readonly podId: string;
  /** Names the lease or ticket that the grant belongs to; letters, digits and `-`. */
  readonly leaseId: string;
  readonly expiresAtMs: number;
  readonly keyEpoch: number;
};

/** How far the clocks of edge and agent may differ beyond what the link measured. */
export const GRANT_CLOCK_LEEWAY_MS = 2_000;

/** The part of a grant that is signed. */
export function grantPayload(claims: GrantClaims): string {
  return `${claims.podId}.${claims.leaseId}.${claims.expiresAtMs}.${claims.keyEpoch}`;
}

/** The `info` of the HKDF that makes an agent's key from the root key. */
export function agentKeyInfo(agentUid: string, keyEpoch: number): string {
  return `agent-key/${agentUid}/${keyEpoch}`;
}

/** The `info` of the HKDF that makes the credential with which an agent opens its link. */
export function agentCredentialInfo(agentUid: string): string {
  return `agent-credential/${agentUid}`;
}

export const HKDF_SALT = "rouse";

/** Number() alone would read "", "0x10" and "1e3" too. */
const DIGITS = /^\d+$/;

/**
 * Takes a grant apart without believing it.
 * @returns claims, the signed text and the signature (base64url); null when it is not a grant at all
 */
export function parseGrant(text: string): { claims: GrantClaims; payload: string; signature: string } | null {
  const parts = text.split(".");
  if (parts.length !== 5) return null;
  const [podId, leaseId, expiry, epoch, signature] = parts as [string, string, string, string, string];
  if (!DIGITS.test(expiry) || !DIGITS.test(epoch)) return null;
  const expiresAtMs = Number(expiry);
  const keyEpoch = Number(epoch);
  if (podId === "" || leaseId === "" || signature === "") return null;
  if (!Number.isSafeInteger(expiresAtMs) || !Number.isSafeInteger(keyEpoch)) return null;
  return {
    claims: { podId, leaseId, expiresAtMs, keyEpoch },
    payload: text.slice(0, text.length - signature.length - 1),
    signature,
  };
}
