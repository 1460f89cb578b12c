// Space kept back on the log's disk: full of events, it still takes findings, containment and audits.
import { closeSync, openSync, renameSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';

interface ReserveOptions {
  readonly dir: string;
  /** Nothing is kept back when this is 0. */
  readonly sizeBytes: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
}

const blockBytes = 1024 * 1024;
const retryMs = 1000;

/** A file that is given up when the log needs its space, and made again when there is room. */
export class Reserve {
  readonly #options: ReserveOptions;
  readonly #path: string;
  #isHeld: boolean;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  /** What an earlier run kept back is still there. */
  constructor(options: ReserveOptions) {
    this.#options = options;
    this.#path = join(options.dir, 'reserve');
    const kept = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    this.#isHeld = kept === options.sizeBytes;
  }

  /** Gives the space to the log; false when none is kept. */
  release(): boolean {
    if (!this.#isHeld || this.#options.sizeBytes === 0) return false;
    rmSync(this.#path, { force: true });
    this.#isHeld = false;
    this.#options.counters.add('bus.reserve_released');
    return true;
  }

  /** Whether the space is kept; tries to keep it again, once a second. */
  restore(): boolean {
    const { clock } = this.#options;
    if (this.#isHeld || clock.monotonicMs() - this.#triedAtMs < retryMs) return this.#isHeld;
    this.#triedAtMs = clock.monotonicMs();
    this.#isHeld = this.#make();
    return this.#isHeld;
  }

  #make(): boolean {
    const { dir, sizeBytes, random } = this.#options;
    const { bavail, bsize } = statfsSync(dir);
    if (bavail * bsize < sizeBytes) return false;
    const draft = `${this.#path}.creating`;
    try {
      const file = openSync(draft, 'w', 0o600);
      try {
        // A file system that compresses would keep no room for zeros.
        const block = random(Math.min(blockBytes, sizeBytes));
        for (let done = 0; done < sizeBytes; )
          done += writeSync(file, block, 0, Math.min(block.length, sizeBytes - done));
      } finally {
        closeSync(file);
      }
      renameSync(draft, this.#path);
      return true;
    } catch {
      this.#options.counters.add('bus.reserve_failed');
      rmSync(draft, { force: true });
      return false;
    }
  }
}
