/**
 * When a Revision object runs next: one timer in memory for the earliest thing, and behind it the persisted alarm, so that
 * nothing depends on memory alone. At zero there is neither, and the object hibernates.
 */

/** setTimeout overflows far beyond this; longer waits are the alarm's. */
const MAX_TIMER_MS = 60_000;

export class Wakeups {
  readonly #storage: DurableObjectStorage;
  readonly #onTimer: () => void;
  #timer: number | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #alarmAtMs: number | null = null;

  constructor(storage: DurableObjectStorage, onTimer: () => void) {
    this.#storage = storage;
    this.#onTimer = onTimer;
  }

  get hasAlarm(): boolean {
    return this.#alarmAtMs !== null;
  }

  /** @param atMs null = no timer */
  wakeAt(atMs: number | null): void {
    const wanted = atMs ?? Number.POSITIVE_INFINITY;
    if (wanted === this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = wanted;
    if (atMs === null) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, atMs - Date.now()));
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#onTimer();
    }, delayMs);
  }

  /** The alarm rings at this time or before. */
  alarmBy(atMs: number): Promise<void> {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return Promise.resolve();
    this.#alarmAtMs = atMs;
    return this.#storage.setAlarm(atMs);
  }

  alarmRang(): void {
    this.#alarmAtMs = null;
  }
}
