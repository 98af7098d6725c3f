/** The edge's clock, by which grants expire and measurements are dated: a machine's own may be wrong by hours. */
export class EdgeClock {
  #skewMs = 0;

  /** @param edgeMs what the edge's clock showed just now */
  set(edgeMs: number): void {
    this.#skewMs = edgeMs - Date.now();
  }

  nowMs(): number {
    return Date.now() + this.#skewMs;
  }
}
