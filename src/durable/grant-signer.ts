/**
 * Makes grants and agents' keys with WebCrypto. The root key is the only secret; everything else is derived.
 */
import { agentKeyInfo, type GrantClaims, grantPayload, HKDF_SALT } from "../core/protocol/grant.ts";

const encoder = new TextEncoder();

/** An agent's grant key as raw bytes: HKDF-SHA-256 of the root key. */
export async function deriveAgentKey(rootKey: string, agentUid: string, keyEpoch: number): Promise<ArrayBuffer> {
  const root = await crypto.subtle.importKey("raw", encoder.encode(rootKey), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode(agentKeyInfo(agentUid, keyEpoch));
  return crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: encoder.encode(HKDF_SALT), info }, root, 256);
}

/** The key epoch at a time: keys change every 30 days, and neighbours are accepted. */
export function keyEpochAt(nowMs: number): number {
  return Math.floor(nowMs / (30 * 24 * 3600 * 1000));
}

export class GrantSigner {
  readonly #rootKey: string;
  /** `<agent uid>/<epoch>` → key; as many as the revision has agents. */
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  constructor(rootKey: string) {
    this.#rootKey = rootKey;
  }

  /** @returns the grant as it stands in the header */
  async sign(agentUid: string, claims: GrantClaims): Promise<string> {
    const payload = grantPayload(claims);
    const key = await this.#key(agentUid, claims.keyEpoch);
    const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(payload));
    return `${payload}.${toBase64Url(mac)}`;
  }

  #key(agentUid: string, keyEpoch: number): Promise<CryptoKey> {
    const id = `${agentUid}/${keyEpoch}`;
    let key = this.#keys.get(id);
    if (key === undefined) {
      key = deriveAgentKey(this.#rootKey, agentUid, keyEpoch).then((raw) =>
        crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
      );
      this.#keys.set(id, key);
    }
    return key;
  }
}

export function toBase64Url(bytes: ArrayBuffer): string {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
