// Seals one place of the log: takes its chain on, reads on, writes blocks, and begins again after a fault.
import type { LogReader, LogRecord, Place } from '@sandtrail/bus/bus';
import { type ChainState, encodeState } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { Spans } from '@sandtrail/runtime/spans';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Block, Store } from '@sandtrail/store/store';
import { assign } from './assignment.ts';
import { cutBlocks } from './block-cut.ts';
import type { BlockWriter } from './block-writer.ts';
import type { SignedHeads } from './signed-heads.ts';

/** The bounds of sealing. */
export interface SealerLimits {
  readonly blockRowsMax: number;
  readonly blockSizeBytesMax: number;
  /** How long the first record of a block waits for others. */
  readonly gatherMs: number;
  /** A state is saved after so many rows, so that little is recomputed at the next start. */
  readonly stateRows: number;
  readonly retryMsMax: number;
}

/** What sealing one place needs. */
export interface PlaceSealerOptions {
  readonly place: Place;
  readonly bus: LogReader;
  readonly store: Store;
  readonly signed: SignedHeads;
  readonly writer: BlockWriter;
  readonly limits: SealerLimits;
  readonly spans: Spans;
  readonly onSealed?: ((block: Block) => void) | undefined;
  readonly logger: Logger;
  readonly counters: Counters;
}

/** How far a place is sealed. */
export interface SealingStatus {
  readonly place: Place;
  /** The chain id in hexadecimal; undefined before the first assignment. */
  readonly chain: string | undefined;
  /** Records below this offset are durable rows: retention may let go of them. */
  readonly sealedTo: bigint;
  /** Why sealing has stopped for good, or waits to be tried again. */
  readonly fault: SandtrailError | undefined;
  readonly stopped: boolean;
}

/** Faults that pass: the chain is taken on again. Every other one stops it. */
const passing = new Set([
  'BUS_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'STORE_BUSY',
  'STORE_QUERY_LIMIT',
  'DISK_FULL',
]);
const retryMsMin = 100;

/** Seals one place until its signal aborts. */
export class PlaceSealer {
  readonly #options: PlaceSealerOptions;
  #chain: string | undefined;
  #sealedTo = 0n;
  #fault: SandtrailError | undefined;
  #stopped = false;
  #savedPos = 0n;

  constructor(options: PlaceSealerOptions) {
    this.#options = options;
  }

  status(): SealingStatus {
    const { place } = this.#options;
    const [chain, sealedTo, fault] = [this.#chain, this.#sealedTo, this.#fault];
    return { place, chain, sealedTo, fault, stopped: this.#stopped };
  }

  /** Resolves when `signal` aborts, or when the chain must not be sealed any further. */
  async run(signal: AbortSignal): Promise<void> {
    const { limits } = this.#options;
    let retryMs = retryMsMin;
    while (!signal.aborted && !this.#stopped) {
      const before = this.#sealedTo;
      try {
        await this.#seal(signal);
      } catch (error) {
        this.#failed(error);
        retryMs = this.#sealedTo > before ? retryMsMin : Math.min(retryMs * 2, limits.retryMsMax);
        if (!this.#stopped) await pause(retryMs, signal);
      }
    }
  }

  #failed(error: unknown): void {
    const { counters, logger, place } = this.#options;
    const fault =
      error instanceof SandtrailError
        ? error
        : new SandtrailError('INTERNAL', { detail: String(error), cause: error });
    this.#fault = fault;
    this.#stopped = !passing.has(fault.code);
    const { topic, partition } = place;
    const fields = { topic, partition, code: fault.code, detail: fault.detail };
    if (this.#stopped) {
      counters.add('sealer.chains_stopped', 1, fault.code);
      logger.error('a chain is not sealed any further', fields);
    } else {
      counters.add('sealer.retries', 1, fault.code);
      logger.warn('sealing is tried again', fields);
    }
  }

  async #seal(signal: AbortSignal): Promise<void> {
    let state = await assign(this.#options);
    this.#fault = undefined;
    this.#chain = hexOf(state.chain);
    this.#savedPos = state.nextPos;
    this.#sealedTo = nextOffset(state);
    // One block is written while the next one is sealed; never two, or a crash could leave a hole.
    let writing: Promise<void> = Promise.resolve();
    const failing = new AbortController();
    const ending = AbortSignal.any([signal, failing.signal]);
    try {
      while (!ending.aborted) {
        const records = await this.#gather(state, ending);
        if (records.length === 0) continue;
        this.#nameHole(state, records);
        const cut = cutBlocks(state, records, this.#options.place);
        await writing;
        writing = this.#write(cut.blocks, cut.state);
        // Thrown below, by whichever `await writing` comes next.
        writing.catch(() => failing.abort());
        state = cut.state;
      }
    } finally {
      await writing;
    }
    if (state.nextPos > this.#savedPos) await this.#save(state);
  }

  /** Records that retention took before they were sealed: the verifier names them `offset_gap`. */
  #nameHole(state: ChainState, records: readonly LogRecord[]): void {
    const { counters, logger, place } = this.#options;
    const from = nextOffset(state);
    const first = records[0]?.offset ?? from;
    if (first === from) return;
    counters.add('sealer.lost_records', Number(first - from));
    const { topic, partition } = place;
    logger.error('the log let go of records before they were sealed', {
      topic,
      partition,
      from,
      first,
    });
  }

  /** Records after `state`: a full block at once, less after the others had time to come. */
  async #gather(state: ChainState, signal: AbortSignal) {
    const { bus, place, limits } = this.#options;
    const from = nextOffset(state);
    await bus.arrival(place, from, signal);
    if (signal.aborted) return [];
    const { next } = await bus.bounds(place);
    if (next - from < BigInt(limits.blockRowsMax)) await pause(limits.gatherMs, signal);
    const { blockRowsMax: recordsMax, blockSizeBytesMax: sizeBytesMax } = limits;
    return bus.read(place, { from, recordsMax, sizeBytesMax });
  }

  async #write(blocks: readonly Block[], state: ChainState): Promise<void> {
    const { writer, counters, limits, onSealed, spans, place } = this.#options;
    let unwritten = blocks.reduce((sum, { rows }) => sum + rows.length, 0);
    counters.add('sealer.received', unwritten);
    try {
      for (const block of blocks) {
        const fields = { place: `${place.topic}-${place.partition}`, records: block.rows.length };
        await spans.around('sealer.block', fields, () => writer.write(block));
        unwritten -= block.rows.length;
        counters.add('sealer.rows', block.rows.length);
        counters.add('sealer.blocks');
        onSealed?.(block);
      }
    } finally {
      // They are read again when the chain is taken on anew.
      if (unwritten > 0) counters.add('sealer.unwritten', unwritten);
    }
    this.#sealedTo = nextOffset(state);
    if (state.nextPos - this.#savedPos >= BigInt(limits.stateRows)) await this.#save(state);
  }

  async #save(state: ChainState): Promise<void> {
    await this.#options.store.saveChainState(hexOf(state.chain), state.nextPos, encodeState(state));
    this.#savedPos = state.nextPos;
  }
}

function nextOffset({ lastOffset }: ChainState): bigint {
  return lastOffset === undefined ? 0n : lastOffset + 1n;
}
