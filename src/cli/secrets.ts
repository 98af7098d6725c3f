/**
 * The secrets of one installation. Locally `rouse up` makes them at its first start and keeps them in the state folder; for a
 * deployment `rouse init` makes them and Cloudflare keeps them.
 */
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentCredentialInfo, HKDF_SALT } from "../core/protocol/grant.ts";
import { CliError, messageOf, systemCodeOf } from "./cli-error.ts";

export type Secrets = {
  /** Text of at least 32 random bytes; every key of the installation is derived from its UTF-8 bytes. */
  readonly rootKey: string;
  readonly adminToken: string;
};

export const ROOT_KEY_FILE = "root-key";
export const ADMIN_TOKEN_FILE = "admin-token";

export function newSecrets(): Secrets {
  return { rootKey: randomBytes(32).toString("base64url"), adminToken: randomBytes(24).toString("base64url") };
}

/** The secrets of a state folder; what is missing is made. Only the owner can read folder and files. */
export function loadSecrets(stateDir: string): Secrets {
  makePrivateDir(stateDir);
  const fresh = newSecrets();
  return {
    rootKey: readOrCreate(join(stateDir, ROOT_KEY_FILE), fresh.rootKey),
    adminToken: readOrCreate(join(stateDir, ADMIN_TOKEN_FILE), fresh.adminToken),
  };
}

/** What the edge stores of a token: hex SHA-256. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** The credential with which an agent opens its link: base64url of 32 bytes (see core/protocol/grant.ts). */
export function agentCredential(rootKey: string, agentUid: string): string {
  return Buffer.from(hkdfSync("sha256", rootKey, HKDF_SALT, agentCredentialInfo(agentUid), 32)).toString("base64url");
}

export function makePrivateDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
  } catch (error) {
    throw new CliError(`cannot use the folder ${dir}: ${messageOf(error)}`, "Choose another with --state DIR.", {
      cause: error,
    });
  }
}

/** Replaces the file as a whole, so that a reader never sees half of it. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

export function readOrCreate(path: string, fresh: string): string {
  try {
    const text = readFileSync(path, "utf8").trim();
    if (text !== "") return text;
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  writePrivateFile(path, `${fresh}\n`);
  return fresh;
}
