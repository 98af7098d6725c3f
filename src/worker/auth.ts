/**
 * Who calls the API. A token comes as `Authorization: Bearer <token>`, or in the path as `/k/<token>/...`: Kubernetes
 * clients drop credentials over plain http, but keep a path prefix of the server's URL. Only the token's hash is known
 * here, and digests are compared in constant time.
 */

export type User = { readonly name: string };

export type AuthEnv = {
  /** Hex SHA-256 of the administrator's token. Tokens with a role and namespaces will be a table of the ControlPlane. */
  readonly ROUSE_ADMIN_TOKEN_HASH: string;
  /** "1" where the edge listens on loopback only: a token in a path would stand in the logs of any other. */
  readonly PATH_TOKENS?: string;
};

const ADMIN: User = { name: "admin" };
const PREFIX = /^\/k\/([^/]+)(\/.*)?$/;

/** Takes the token out of the path. @returns the path that the API knows, and the token or null */
export function splitTokenPrefix(pathname: string): { readonly token: string | null; readonly pathname: string } {
  const [, token = null, rest = "/"] = PREFIX.exec(pathname) ?? [];
  return token === null ? { token, pathname } : { token: decode(token), pathname: rest };
}

export function bearerToken(authorization: string | null): string | null {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** @returns null for a token that nobody has */
export async function authenticate(token: string | null, env: AuthEnv): Promise<User | null> {
  if (token === null || token === "") return null;
  const actual = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  const expected = parseHex(env.ROUSE_ADMIN_TOKEN_HASH);
  // timingSafeEqual throws on unequal lengths: an unset or damaged hash lets nobody in.
  if (expected.length !== actual.length) return null;
  return crypto.subtle.timingSafeEqual(actual, expected) ? ADMIN : null;
}

function parseHex(hex: string | undefined): Uint8Array {
  return Uint8Array.from(hex?.match(/[0-9a-f]{2}/gi) ?? [], (byte) => Number.parseInt(byte, 16));
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}
