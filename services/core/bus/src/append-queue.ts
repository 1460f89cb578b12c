// Appends that wait for the next commit: bounded, in order, committed together.
import { SandtrailError } from '@sandtrail/schemas/errors';

/** One caller's append. */
export interface PendingAppend {
  readonly values: readonly Buffer[];
  readonly sizeBytes: number;
  readonly resolve: (first: bigint) => void;
  readonly reject: (error: unknown) => void;
}

/** The bounds of appends that wait. */
export interface AppendBounds {
  readonly pendingSizeBytesMax: number;
  readonly pendingAppendsMax: number;
  readonly valueSizeBytesMax: number;
}

/** The queues of all places, under one bound. */
export class AppendQueue {
  readonly #bounds: AppendBounds;
  readonly #queues: PendingAppend[][];
  #sizeBytes = 0;
  #appends = 0;

  constructor(places: number, bounds: AppendBounds) {
    this.#bounds = bounds;
    this.#queues = Array.from({ length: places }, () => []);
  }

  get isEmpty(): boolean {
    return this.#appends === 0;
  }

  /** Queues an append that `refusalOf` has nothing against. */
  push(slot: number, values: readonly Buffer[]): Promise<bigint> {
    const sizeBytes = sizeOf(values);
    this.#sizeBytes += sizeBytes;
    this.#appends += 1;
    return new Promise((resolve, reject) => {
      this.#queues[slot]?.push({ values, sizeBytes, resolve, reject });
    });
  }

  /** Takes the oldest appends of a place, together at most `sizeBytesMax`, but at least one. */
  take(slot: number, sizeBytesMax: number): readonly PendingAppend[] {
    const queue = this.#queues[slot] ?? [];
    let sizeBytes = 0;
    let count = 0;
    for (const append of queue) {
      if (count > 0 && sizeBytes + append.sizeBytes > sizeBytesMax) break;
      sizeBytes += append.sizeBytes;
      count += 1;
    }
    this.#sizeBytes -= sizeBytes;
    this.#appends -= count;
    return queue.splice(0, count);
  }

  /** Why an append cannot be queued: `BUS_OVERSIZE` or `BUS_FULL`. */
  refusalOf(values: readonly Buffer[]): SandtrailError | undefined {
    const sizeBytes = sizeOf(values);
    const { valueSizeBytesMax, pendingSizeBytesMax, pendingAppendsMax } = this.#bounds;
    const largest = values.reduce((max, value) => Math.max(max, value.length), 0);
    if (largest > valueSizeBytesMax) {
      const detail = `${largest} bytes in one value, at most ${valueSizeBytesMax}`;
      return new SandtrailError('BUS_OVERSIZE', { detail });
    }
    if (sizeBytes > pendingSizeBytesMax) {
      const detail = `${sizeBytes} bytes in one append, at most ${pendingSizeBytesMax}`;
      return new SandtrailError('BUS_OVERSIZE', { detail });
    }
    const isFull = this.#appends >= pendingAppendsMax;
    if (!isFull && this.#sizeBytes + sizeBytes <= pendingSizeBytesMax) return undefined;
    const detail = `${this.#appends} appends, ${this.#sizeBytes} bytes are waiting`;
    return new SandtrailError('BUS_FULL', { detail });
  }
}

function sizeOf(values: readonly Buffer[]): number {
  return values.reduce((sum, value) => sum + value.length, 0);
}
