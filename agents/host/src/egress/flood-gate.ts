// Lets a bounded number of records through in each second and turns the rest into counted summaries.
import type { Clock } from '@sandtrail/runtime/clock';

interface FloodGateOptions<T> {
  readonly clock: Clock;
  readonly perSecondMax: number;
  /** Most summaries that one second can leave behind; what does not fit goes into the last one. */
  readonly keysMax: number;
  /** Takes a record; `repeats` is how many it stands for, where it is a summary. */
  readonly emit: (record: T, repeats: number | undefined) => void;
}

const windowMs = 1000;

/** A gate for one sandbox's records. No record is lost: each is let through or counted in a summary. */
export class FloodGate<T> {
  readonly #options: FloodGateOptions<T>;
  readonly #held = new Map<string, { readonly record: T; count: number }>();
  #windowStartMs: number;
  #passed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FloodGateOptions<T>) {
    this.#options = options;
    this.#windowStartMs = options.clock.monotonicMs();
  }

  /** `key` says what is alike; the first record of a key stands for those after it. */
  push(key: () => string, record: T): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= windowMs) {
      this.flush();
      this.#windowStartMs = nowMs;
      this.#passed = 0;
    }
    if (this.#passed < this.#options.perSecondMax) {
      this.#passed += 1;
      this.#options.emit(record, undefined);
    } else this.#hold(key(), record);
  }

  /** Emits what was held back. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const { record, count } of held) this.#options.emit(record, count);
  }

  #hold(key: string, record: T): void {
    const full = this.#held.size >= this.#options.keysMax - 1 && !this.#held.has(key);
    const place = full ? otherKey : key;
    const entry = this.#held.get(place);
    if (entry === undefined) this.#held.set(place, { record, count: 1 });
    else entry.count += 1;
    this.#timer ??= setTimeout(() => this.flush(), windowMs).unref();
  }
}

// No name or reason holds a NUL, so this key is nobody's own.
const otherKey = '\u0000';
