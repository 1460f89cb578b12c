// What has been numbered and not yet acknowledged: in memory while the gateway keeps up, on disk when not.
//
// Healthy, nothing touches the disk: a record is held in memory until the gateway has made it
// durable, so kill -9 loses at most the unacknowledged ones (a batch on its way and at most half of
// `memorySizeBytesMax`). That shows: the stream's last heartbeat attests less than was sent
// (`unattested_tail`), or no end of the stream ever comes. When a batch fails or memory is half
// full, everything goes to the spool; from then on kill -9 loses at most `spoolFlushMs` of records.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { backoffMs } from './backoff.ts';
import type { KitConfig } from './config.ts';
import { spooledSizeBytes } from './segment.ts';
import type { OutgoingRecord, Shipper } from './shipper.ts';
import { Spool, type SpooledRecords } from './spool.ts';

/** What an outbox is made of. */
export interface OutboxOptions {
  readonly dir: string;
  readonly shipper: Shipper;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
  readonly config: KitConfig;
}

interface Batch {
  readonly records: readonly OutgoingRecord[];
  /** The segment that these are the last records of. */
  readonly finishes?: SpooledRecords;
  readonly isFromDisk: boolean;
}

const spoolWriteBytes = 262_144;

/** Ships records in order, each at least once. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #spool: Spool;
  readonly #ended = new AbortController();
  /** Records that wait in memory: to be shipped, or (while spooling) to be written. */
  #waiting: OutgoingRecord[] = [];
  #waitingBytes = 0;
  #isSpooling: boolean;
  /** The segment that is being shipped, and how far. */
  #segment: { readonly from: SpooledRecords; at: number } | undefined;
  #batch: Batch | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #shipping: AbortController | undefined;
  #resting: AbortController | undefined;
  #wake: () => void = () => undefined;
  #isClosing = false;
  #failures = 0;
  readonly #loop: Promise<void>;

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { dir, counters, config } = options;
    this.#spool = new Spool({ dir, counters, segmentSizeBytesMax: config.segmentSizeBytesMax });
    this.#isSpooling = !this.#spool.isEmpty;
    this.#ended.signal.addEventListener('abort', () => {
      this.#shipping?.abort();
      this.#resting?.abort();
      this.#wake();
    });
    this.#loop = this.#run();
  }

  /** Bytes that wait in memory, without the batch that is on its way. */
  get memoryBytes(): number {
    return this.#waitingBytes;
  }

  /** True when there is room for `sizeBytes` more; the reserve is for the kit's own records. */
  admits(sizeBytes: number, { isOwn }: { readonly isOwn: boolean }): boolean {
    const { memorySizeBytesMax, spoolSizeBytesMax, spoolReserveBytes } = this.#options.config;
    const limit = spoolSizeBytesMax - (isOwn ? 0 : spoolReserveBytes);
    const held = this.#waitingBytes + sizeBytes;
    const onDisk = this.#isSpooling ? this.#spool.sizeBytes : 0;
    return !this.#isClosing && held <= memorySizeBytesMax && onDisk + held <= limit;
  }

  /** Takes a record that `admits` had room for. */
  push(record: OutgoingRecord): void {
    const { memorySizeBytesMax, spoolFlushMs } = this.#options.config;
    this.#waiting.push(record);
    this.#waitingBytes += spooledSizeBytes(record);
    if (this.#isSpooling) {
      if (this.#waitingBytes >= spoolWriteBytes) this.#flush();
      else this.#flushTimer ??= setTimeout(() => this.#flush(), spoolFlushMs).unref();
    } else if (this.#waitingBytes > memorySizeBytesMax / 2) this.#startSpooling('lag');
    this.#wake();
  }

  /**
   * Ships what there is for at most `closeMs`, then writes the rest to the spool, where the next
   * start finds it. Resolves when nothing is left in memory.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const deadline = setTimeout(() => this.#ended.abort(), this.#options.config.closeMs);
    // One more attempt, without waiting: if that fails too, the spool is the place.
    this.#resting?.abort();
    await this.#loop;
    clearTimeout(deadline);
    clearTimeout(this.#flushTimer);
    this.#keepBatch();
    this.#flush();
    this.#spool.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#batch ??= this.#nextBatch();
      if (this.#batch === undefined) {
        if (this.#isClosing) return;
        await this.#arrival();
        continue;
      }
      if (await this.#ship(this.#batch)) continue;
      this.#failures += 1;
      // Whatever was on its way goes to disk before what came after it.
      this.#startSpooling('failure');
      this.#keepBatch();
      this.#flush();
      if (this.#isClosing) return;
      await this.#rest();
    }
  }

  /** Waits before the next attempt, unless the end comes. */
  async #rest(): Promise<void> {
    const { retryBaseMs: baseMs, retryMsMax: msMax } = this.#options.config;
    const resting = new AbortController();
    this.#resting = resting;
    await pause(
      backoffMs(this.#failures, { baseMs, msMax, random: this.#options.random }),
      resting.signal,
    );
    this.#resting = undefined;
  }

  /** Waits for a record, then a moment more for others to share its batch. */
  async #arrival(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = () => undefined;
    const { lingerMs } = this.#options.config;
    if (lingerMs > 0 && !this.#isClosing) await pause(lingerMs, this.#ended.signal);
  }

  #nextBatch(): Batch | undefined {
    if (this.#isSpooling) {
      const batch = this.#batchFromDisk();
      if (batch !== undefined) return batch;
      // The write failed: what waits stays in memory until the disk takes it, or the bound is reached.
      this.#isSpooling = false;
    }
    if (this.#waiting.length === 0) return undefined;
    const records = this.#takeUpTo(this.#waiting, 0);
    this.#waiting = this.#waiting.slice(records.length);
    this.#waitingBytes -= sizeOf(records);
    return { records, isFromDisk: false };
  }

  #batchFromDisk(): Batch | undefined {
    if (this.#segment === undefined) {
      if (this.#spool.isEmpty) this.#flush();
      const from = this.#spool.oldest();
      if (from === undefined) return undefined;
      this.#segment = { from, at: 0 };
    }
    const { from, at } = this.#segment;
    const records = this.#takeUpTo(from.records, at);
    this.#segment.at = at + records.length;
    if (this.#segment.at < from.records.length) return { records, isFromDisk: true };
    this.#segment = undefined;
    return { records, finishes: from, isFromDisk: true };
  }

  #takeUpTo(records: readonly OutgoingRecord[], from: number): readonly OutgoingRecord[] {
    const { batchRecordsMax, batchSizeBytesMax } = this.#options.config;
    let sizeBytes = 0;
    let to = from;
    for (; to < records.length && to - from < batchRecordsMax; to += 1) {
      const record = records[to];
      sizeBytes += record === undefined ? 0 : spooledSizeBytes(record);
      if (sizeBytes > batchSizeBytesMax && to > from) break;
    }
    return records.slice(from, to);
  }

  /** True when the batch is done with; false when nobody knows what became of it. */
  async #ship(batch: Batch): Promise<boolean> {
    const { shipper, counters, log, config } = this.#options;
    if (batch.records.length > 0) {
      const shipping = new AbortController();
      this.#shipping = shipping;
      const timeout = setTimeout(() => shipping.abort(), config.shipTimeoutMs);
      try {
        const refused = await shipper.ship(batch.records, shipping.signal);
        for (const { code } of refused) counters.add('kit.refused', 1, codeOf(code));
        counters.add('kit.shipped', batch.records.length - refused.length);
        if (refused.length > 0)
          log.warn('records were refused', {
            code: codeOf(refused[0]?.code ?? ''),
            count: refused.length,
          });
      } catch (error) {
        const code = error instanceof SandtrailError ? error.code : 'other';
        counters.add('kit.ship_failed', 1, code);
        if (this.#failures === 0)
          log.warn('a batch was not acknowledged', { code, records: batch.records.length });
        return false;
      } finally {
        clearTimeout(timeout);
        this.#shipping = undefined;
      }
    }
    batch.finishes?.release();
    this.#batch = undefined;
    this.#failures = 0;
    return true;
  }

  #startSpooling(reason: 'lag' | 'failure'): void {
    if (this.#isSpooling) return;
    // A batch that is on its way stays in memory: it is acknowledged, or kept by `#keepBatch`.
    this.#options.counters.add('kit.spool_started', 1, reason);
    this.#isSpooling = true;
    if (reason === 'lag') this.#flush();
  }

  /** Puts a batch that is in memory alone back at the head of the spool. */
  #keepBatch(): void {
    const batch = this.#batch;
    if (batch === undefined || batch.isFromDisk) return;
    try {
      this.#spool.prepend(batch.records);
      this.#isSpooling = true;
      this.#batch = undefined;
    } catch (error) {
      this.#diskFailed(error);
    }
  }

  /** Writes what waits to the spool. */
  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#waiting.length === 0) return;
    try {
      this.#spool.append(this.#waiting);
    } catch (error) {
      this.#diskFailed(error);
      return;
    }
    this.#options.counters.add('kit.spooled', this.#waiting.length);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isSpooling = true;
  }

  #diskFailed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? `${error.code}` : 'unknown';
    this.#options.counters.add('kit.spool_failed');
    this.#options.log.error('the spool cannot be written; records wait in memory', { code });
  }
}

function sizeOf(records: readonly OutgoingRecord[]): number {
  return records.reduce((sum, record) => sum + spooledSizeBytes(record), 0);
}

/** A code as a label: what a gateway sends is not to make labels without end. */
function codeOf(code: string): string {
  return /^[A-Z][A-Z_]{0,40}$/.test(code) ? code : 'other';
}
