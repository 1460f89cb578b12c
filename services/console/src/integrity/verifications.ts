// Verifications that people started: few at once, each streams its progress and is sealed at its end.
import type { VerifierKey } from '@sandtrail/chain/verifier-key';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type * as z from 'zod';
import type { Verification, VerificationResult } from '../contract/integrity.ts';
import type { Queries } from '../events/queries.ts';
import type { ActRecord } from '../sessions/act-record.ts';
import { type RangeReader, verifyRange } from './verify-range.ts';

type View = z.input<typeof Verification>;
type Result = z.input<typeof VerificationResult>;

/** What verifying needs. */
export interface VerificationsOptions {
  readonly store: RangeReader;
  readonly queries: Queries;
  /** Keys whose checkpoints are believed. */
  readonly keys: readonly VerifierKey[];
  readonly acts: ActRecord;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
}

interface Wanted {
  readonly chain: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly actor: string;
}

interface Run {
  view: View;
}

const underWayMax = 2;
const keptMax = 64;
const lookMs = 200;
const nameBytes = 8;

/** The verifications of this run of the product. */
export class Verifications {
  readonly #options: VerificationsOptions;
  readonly #runs = new Map<string, Run>();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: VerificationsOptions) {
    this.#options = options;
  }

  /** Starts one. @throws SandtrailError `CONSOLE_BUSY` */
  start(wanted: Wanted): View {
    if (this.#underWay.size >= underWayMax)
      throw new SandtrailError('CONSOLE_BUSY', { detail: `${underWayMax} verifications run` });
    const { clock, random } = this.#options;
    const { chain, actor } = wanted;
    const view: View = {
      id: random(nameBytes).toString('hex'),
      ...{ chain, actor },
      from: `${wanted.from}`,
      to: `${wanted.to}`,
      startedAtNs: `${clock.nowNs()}`,
      rows: '0',
      result: null,
    };
    const run = { view };
    this.#runs.set(view.id, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > keptMax && oldest !== undefined) this.#runs.delete(oldest);
    const ending = this.#run(run, wanted).finally(() => this.#underWay.delete(ending));
    this.#underWay.add(ending);
    return view;
  }

  /** How it goes on, to its result. @throws SandtrailError `NOT_FOUND` */
  follow(id: string, signal: AbortSignal) {
    const run = this.#runs.get(id);
    if (run === undefined) throw new SandtrailError('NOT_FOUND', { detail: `verification ${id}` });
    return progressOf(run, signal);
  }

  /** Ends what runs; each is sealed as stopped. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay);
  }

  async #run(run: Run, { chain, from, to, actor }: Wanted): Promise<void> {
    const { acts, counters, clock, log } = this.#options;
    const signal = this.#stopping.signal;
    counters.add('console.verifications');
    const told = await verifyRange({
      ...this.#options,
      ...{ chain, from, to, signal },
      progress: (rows) => {
        run.view = { ...run.view, rows: `${rows}` };
      },
    });
    const { fault, rows, verdict } = told;
    const about = { from: `${from}`, to: `${to}`, rows: `${rows}`, verdict, actor };
    const detail = fault?.detail ?? told.detail;
    const result: Result = {
      ...{ ...about, chain, detail },
      code: fault?.code ?? null,
      position: fault === undefined ? null : `${fault.position}`,
      endedAtNs: `${clock.nowNs()}`,
    };
    const faulty = fault === undefined ? {} : { code: fault.code, position: `${fault.position}` };
    try {
      await acts.write({
        kind: 'control.verification',
        ...{ ...about, ...faulty, verifiedChain: chain },
        ...(detail === null ? {} : { detail }),
      });
    } catch (error) {
      counters.add('console.acts_unrecorded');
      log.error('a verification could not be recorded', { error: `${error}` });
    }
    run.view = { ...run.view, rows: `${rows}`, result };
  }
}

async function* progressOf(run: Run, signal: AbortSignal) {
  while (run.view.result === null && !signal.aborted) {
    yield { event: 'progress', data: run.view } as const;
    await pause(lookMs, signal);
  }
  yield { event: 'result', data: run.view } as const;
}
