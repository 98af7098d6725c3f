/**
 * What `acquire` returns: a bare RpcTarget. Bare, because a ticket inside a plain object is never disposed when the
 * caller dies while the call is pending (platform fact, measured); a bare one always is.
 */
import { RpcTarget } from "cloudflare:workers";
import type { AdmissionInfo } from "../../core/protocol/admission.ts";

export class Admission extends RpcTarget {
  readonly #info: AdmissionInfo;
  readonly #onUpgrade: () => void;
  readonly #onDispose: () => void;

  constructor(info: AdmissionInfo, onUpgrade: () => void, onDispose: () => void) {
    super();
    this.#info = info;
    this.#onUpgrade = onUpgrade;
    this.#onDispose = onDispose;
  }

  get info(): AdmissionInfo {
    return this.#info;
  }

  upgraded(): void {
    this.#onUpgrade();
  }

  /** May run twice: the machine takes a ticket back only once. */
  [Symbol.dispose](): void {
    this.#onDispose();
  }
}
