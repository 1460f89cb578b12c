// What people do in the console, as sealed events; refusals alike are put together.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { SealedAs } from '../contract/receipt.ts';

/** The observations that the console makes. */
export type ConsoleObservation = ObservationOf<
  'control.alert' | 'control.audit' | 'control.sign_in' | 'control.verification'
>;

/** Resolves when the observation is durable in the log, with the name of its record. */
export type RecordConsole = (observation: ConsoleObservation) => Promise<SealedAs>;

/** Masks secrets in what a person typed; `field` names where. */
export type Mask = (text: string, field: string) => Promise<string>;

interface ActRecordOptions {
  readonly record: RecordConsole;
  readonly mask: Mask;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

type Untimed<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;

/** A refusal: of a right, or of a sign-in. */
export interface Refusal {
  readonly actor: string;
  readonly act: string;
  readonly detail: string;
}

const togetherMs = 10_000;
const kindsMax = 256;
const detailCharsMax = 2048;

/** Writes acts. A refusal is told at once, those alike within 10 s as one number at its end. */
export class ActRecord {
  readonly #options: ActRecordOptions;
  readonly #refusals = new Map<string, { readonly untilMs: number; more: number; last: Refusal }>();

  constructor(options: ActRecordOptions) {
    this.#options = options;
  }

  /** @throws SandtrailError as the log's `append` */
  write(observation: Untimed<ConsoleObservation>): Promise<SealedAs> {
    const observedAtNs = `${this.#options.clock.nowNs()}`;
    this.#options.counters.add('console.acts', 1, observation.kind);
    return this.#options.record({ ...observation, observedAtNs });
  }

  /** Somebody asked for something that is looked up, not changed. Written before it is answered. */
  async asked({ actor, act, asked }: { actor: string; act: string; asked: unknown }) {
    const detail = await this.masked(JSON.stringify(asked), detailCharsMax);
    await this.write({ kind: 'control.audit', actor, act, detail, outcome: 'done' });
  }

  /** What a person typed, without secrets and within its bound. */
  async masked(text: string, charsMax: number): Promise<string> {
    return (await this.#options.mask(text, 'detail')).slice(0, charsMax).toWellFormed();
  }

  /** Resolves when it is written, or counted for later. */
  async refused(refusal: Refusal): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    this.#options.counters.add('console.refused', 1, refusal.act);
    await this.tellRest();
    const key = `${refusal.act}\0${refusal.actor}`;
    const known = this.#refusals.get(key);
    if (known !== undefined) {
      known.more += 1;
      known.last = refusal;
      return;
    }
    if (this.#refusals.size < kindsMax)
      this.#refusals.set(key, { untilMs: nowMs + togetherMs, more: 0, last: refusal });
    await this.#writeRefusal(refusal);
  }

  /** Writes what was put together and is due; all of it when `isLast`. */
  async tellRest({ isLast = false } = {}): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, { untilMs, more, last }] of [...this.#refusals]) {
      if (untilMs > nowMs && !isLast) continue;
      this.#refusals.delete(key);
      if (more === 0) continue;
      await this.#writeRefusal({ ...last, detail: `${more} more like it: ${last.detail}` });
    }
  }

  async #writeRefusal({ actor, act, detail }: Refusal): Promise<void> {
    try {
      if (act === 'sign_in')
        await this.write({
          ...{ kind: 'control.sign_in', act: 'refused', actor, role: '', session: '' },
          detail: detail.slice(0, 256),
        });
      else await this.write({ kind: 'control.audit', actor, act, detail, outcome: 'refused' });
    } catch (error) {
      // The refusal stands; that it could not be recorded is counted and logged.
      this.#options.counters.add('console.acts_unrecorded');
      this.#options.log.error('a refusal could not be recorded', { error: `${error}` });
    }
  }
}
