// The signer: reads sealed rows back, recomputes them, and signs a checkpoint of each chain that grew.
import { readBodyStart } from '@sandtrail/chain/body-start';
import { type ChainState, headOf, startChain } from '@sandtrail/chain/chain-state';
import { signCheckpoint } from '@sandtrail/chain/checkpoint';
import { hashOfHex } from '@sandtrail/chain/hash';
import type { SealedRow } from '@sandtrail/chain/row';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { every } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreReader } from '@sandtrail/store/store';
import { writeHeadFile } from './head-file.ts';
import type { SigningKey } from './key-file.ts';
import { replayStored } from './replay-stored.ts';
import { readSignedStates, type SignedState, writeSignedState } from './signed-state.ts';

/** A signed checkpoint, to be sealed as `control.checkpoint`. */
export interface ReleasedCheckpoint {
  readonly chain: string;
  readonly size: bigint;
  readonly note: string;
}

/** What the signer needs. It only reads the store. */
export interface SignerOptions {
  readonly store: StoreReader;
  readonly key: SigningKey;
  /** The signer's own directory: what it signed last. Nobody else may write it. */
  readonly stateDir: string;
  /** Where the newest notes are kept for users, best outside the data directory. */
  readonly headFile: string;
  /** Hands a checkpoint on; when it rejects, the chain's newest is handed on again later. */
  readonly release: (checkpoint: ReleasedCheckpoint) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  /** How often chains are looked at and, where something is new, signed. */
  readonly intervalMs?: number;
  /** How often a chain is signed in which only time passes: ticks and heartbeats. */
  readonly quietIntervalMs?: number;
}

/** A signer that runs. */
export interface Signer {
  /** Signs whatever is new now, quiet or not; for an orderly stop and for tests. */
  signNow(): Promise<void>;
  /** Chains that are not signed any more, with the reason. */
  refused(): ReadonlyMap<string, SandtrailError>;
  /** Signs what is new and ends. */
  stop(): Promise<void>;
}

/** What the signer knows of a chain between two signatures. */
interface Followed {
  /** Everything that was read back. */
  readonly state: ChainState;
  readonly signedAtMs: number;
  readonly news: News;
}

/** Rows since the last signature: none that counts, only signs of life, or something that happened. */
type News = 'none' | 'life' | 'events';

/**
 * Starts signing.
 * @throws SandtrailError `SIGNER_REFUSED` when what was signed last cannot be read
 */
export async function startSigner(options: SignerOptions): Promise<Signer> {
  const signed = await readSignedStates(options.stateDir);
  const signer = new ChainSigner(options, signed);
  const stopping = new AbortController();
  const ms = options.intervalMs ?? 2000;
  const loop = every({ ms, signal: stopping.signal }, () => signer.round('due'));
  return {
    signNow: () => signer.round('all'),
    refused: () => signer.refused,
    async stop() {
      stopping.abort();
      await loop;
      await signer.round('all');
    },
  };
}

const quietIntervalMsDefault = 60_000;

class ChainSigner {
  readonly #options: SignerOptions;
  readonly #chains = new Map<string, Followed>();
  readonly #notes = new Map<string, string>();
  readonly #unreleased = new Map<string, ReleasedCheckpoint>();
  readonly refused = new Map<string, SandtrailError>();
  /** Chains whose last signature was not yet held against the rows of this store. */
  readonly #unchecked: Set<string>;
  #round: Promise<void> = Promise.resolve();

  constructor(options: SignerOptions, signed: ReadonlyMap<string, SignedState>) {
    this.#options = options;
    this.#unchecked = new Set(signed.keys());
    for (const [chain, { state, note }] of signed) {
      const signedAtMs = options.clock.monotonicMs();
      this.#chains.set(chain, { state, signedAtMs, news: 'none' });
      this.#notes.set(chain, note);
      // It is not known whether it was handed on before the signer ended; a twin does no harm.
      this.#unreleased.set(chain, { chain, size: state.nextPos, note });
    }
  }

  /** One look at all chains; rounds follow each other. */
  round(which: 'due' | 'all'): Promise<void> {
    const turn = this.#round.then(() => this.#lookAtAll(which));
    this.#round = turn;
    return turn;
  }

  async #lookAtAll(which: 'due' | 'all'): Promise<void> {
    const { store, logger, counters, headFile } = this.#options;
    try {
      for (const chain of this.#unchecked) await this.#checkSigned(chain);
      const known = [...this.#chains].map(([chain, { state }]) => ({ chain, pos: state.nextPos }));
      for (const { chain, pos, isQuiet } of await store.tails({ known, quietKinds })) {
        const followed = this.#follow(chain);
        // Read back when it is due: four chains that grow by a tick need no four queries each time.
        if (isQuiet && which === 'due' && !this.#isQuietOver(followed)) continue;
        await this.#advance(chain, pos + 1n);
      }
      let isNew = false;
      for (const [chain, followed] of this.#chains) {
        if (this.refused.has(chain) || !this.#isDue(followed, which)) continue;
        await this.#sign(chain, followed);
        isNew = true;
      }
      if (isNew) await writeHeadFile(headFile, [...this.#notes.values()]);
      await this.#releaseAll();
    } catch (error) {
      // The store goes away and comes back; what is not signed now is signed in a later round.
      if (!(error instanceof SandtrailError)) throw error;
      counters.add('signer.rounds_failed', 1, error.code);
      logger.warn('a round of signing failed', { code: error.code, detail: error.detail });
    }
  }

  /** The row up to which was signed before this start must still be there, and be the same. */
  async #checkSigned(chain: string): Promise<void> {
    const { store, logger, counters } = this.#options;
    const state = this.#chains.get(chain)?.state;
    if (state === undefined) return;
    const pos = state.nextPos - 1n;
    let isThere = false;
    for await (const { link } of store.rows({ chain, from: pos, to: pos })) {
      isThere = true;
      if (link === undefined || link.toString('latin1') === state.link) continue;
      const detail = `chain ${chain}, position ${pos}: another row stands where one was signed`;
      this.#refuse(chain, new SandtrailError('CHAIN_DIVERGED', { detail }));
    }
    this.#unchecked.delete(chain);
    if (isThere) return;
    counters.add('signer.store_behind');
    logger.error('the store holds less than was signed', { chain, signed: state.nextPos });
  }

  #follow(chain: string): Followed {
    const known = this.#chains.get(chain);
    if (known !== undefined) return known;
    const state = startChain(hashOfHex(chain));
    const followed: Followed = { state, signedAtMs: Number.NEGATIVE_INFINITY, news: 'none' };
    this.#chains.set(chain, followed);
    return followed;
  }

  /** Reads back what is new, from the last state on: rows that do not follow it are never signed. */
  async #advance(chain: string, size: bigint): Promise<void> {
    const followed = this.#chains.get(chain);
    if (followed === undefined || this.refused.has(chain)) return;
    let { news } = followed;
    const seen = (row: SealedRow) => {
      if (news !== 'events') news = newsOf(row, news);
    };
    try {
      const { store } = this.#options;
      const state = await replayStored({ store, state: followed.state, size, seen });
      this.#chains.set(chain, { ...followed, state, news });
    } catch (error) {
      if (!(error instanceof SandtrailError) || error.code !== 'CHAIN_DIVERGED') throw error;
      this.#refuse(chain, error);
    }
  }

  #refuse(chain: string, cause: SandtrailError): void {
    const { logger, counters } = this.#options;
    const error = new SandtrailError('SIGNER_REFUSED', { detail: cause.detail, cause });
    this.refused.set(chain, error);
    counters.add('signer.refused');
    logger.error('a chain is not signed any more', { chain, detail: cause.detail });
  }

  #isDue(followed: Followed, which: 'due' | 'all'): boolean {
    const { news } = followed;
    if (news === 'none') return false;
    return news === 'events' || which === 'all' || this.#isQuietOver(followed);
  }

  #isQuietOver({ signedAtMs }: Followed): boolean {
    const { clock, quietIntervalMs = quietIntervalMsDefault } = this.#options;
    return clock.monotonicMs() - signedAtMs >= quietIntervalMs;
  }

  async #sign(chain: string, followed: Followed): Promise<void> {
    const { key, stateDir, clock, counters } = this.#options;
    const { state } = followed;
    const { root } = headOf(state);
    const checkpoint = { ...state, size: state.nextPos, root: hashOfHex(root) };
    const note = signCheckpoint(checkpoint, key);
    await writeSignedState(stateDir, { state, note });
    const signedAtMs = clock.monotonicMs();
    this.#chains.set(chain, { state, signedAtMs, news: 'none' });
    this.#notes.set(chain, note);
    this.#unreleased.set(chain, { chain, size: state.nextPos, note });
    counters.add('signer.checkpoints');
  }

  async #releaseAll(): Promise<void> {
    const { release, logger, counters } = this.#options;
    for (const [chain, checkpoint] of this.#unreleased) {
      try {
        await release(checkpoint);
        this.#unreleased.delete(chain);
      } catch (error) {
        counters.add('signer.release_failures');
        logger.warn('a checkpoint could not be handed on', { chain, detail: String(error) });
        return;
      }
    }
  }
}

const signsOfLife = ['control.tick', 'collector.heartbeat'];
/** A checkpoint says nothing new: signing because of it would go on for ever. */
const checkpointKind = 'control.checkpoint';
const quietKinds = [...signsOfLife, checkpointKind];

function newsOf({ body }: SealedRow, before: News): News {
  const kind = readBodyStart(body)?.kind ?? '';
  if (kind === checkpointKind) return before;
  return signsOfLife.includes(kind) ? 'life' : 'events';
}
