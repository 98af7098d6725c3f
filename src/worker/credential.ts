/** The credential with which an agent opens its link: derived from the root key, so that nothing has to be stored. */
import { agentCredentialInfo, HKDF_SALT } from "../core/protocol/grant.ts";

const CREDENTIAL_BITS = 256;

/** @returns 32 bytes of HKDF-SHA-256 in base64url, the same for the same root key and agent */
export async function deriveAgentCredential(rootKey: string, agentUid: string): Promise<string> {
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", text.encode(rootKey), "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: text.encode(HKDF_SALT), info: text.encode(agentCredentialInfo(agentUid)) },
    key,
    CREDENTIAL_BITS,
  );
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bits)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Compares two secrets without telling by its duration where they differ: over their digests, which are of one length. */
export async function isSameSecret(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all(
    [a, b].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return left !== undefined && right !== undefined && crypto.subtle.timingSafeEqual(left, right);
}
