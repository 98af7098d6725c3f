/** Tokens with which an agent joins once. Only their hashes are stored. */

const TOKEN_BYTES = 32;

/** @returns 43 characters of base64url behind a prefix that secret scanners can know */
export function newJoinToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const text = btoa(String.fromCharCode(...bytes));
  return `rouse-join-${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** SHA-256 in hex. The token has 256 random bits, so it needs no salt and no slow hash. */
export async function hashJoinToken(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
