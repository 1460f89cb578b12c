// The pipeline: what each stage received, passed and dropped, how fast, and how far it is behind.
import type { Clock } from '@sandtrail/runtime/clock';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import { type StageBalance, stageBalances } from '@sandtrail/runtime/stage-balances';
import type * as z from 'zod';
import { type Stage, StageName } from '../contract/pipeline.ts';

type StageView = z.input<typeof Stage>;

interface PipelineOptions {
  /** What the product's processes measured, as far as they answer. */
  readonly metrics: () => Promise<readonly ProcessMetrics[]>;
  readonly clock: Clock;
}

interface Sample {
  readonly atMs: number;
  readonly passed: ReadonlyMap<string, number>;
}

const windowMs = 10_000;
const samplesMax = 32;
const behindRecords = 10_000n;

/** Samples of every stage; a rate is what lies between two of them. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #since = new Map<string, { readonly state: StageView['state']; readonly ns: string }>();
  #samples: readonly Sample[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Takes a sample; called every few seconds, so that a rate is there when it is asked for. */
  async sample(): Promise<void> {
    const counters = addedUp(await this.#options.metrics());
    this.#remember(counters);
  }

  /** The stages now. `behind` are records that the sealer has not sealed; `stopped`, if it has to. */
  async stages(sealer: { readonly behind: bigint; readonly isStopped: boolean }) {
    const metrics = await this.#options.metrics();
    const counters = addedUp(metrics);
    const first = this.#remember(counters);
    const stages = stageBalances.flatMap((balance): StageView[] => {
      const name = StageName.safeParse(balance.stage);
      if (!name.success) return [];
      const counted = sumsOf(balance, counters);
      const perSecond = rateOf(balance.stage, counted.passed, first, this.#nowMs());
      const isSealer = balance.stage === 'sealer';
      const state = stateOf({ ...counted, perSecond, sealer: isSealer ? sealer : undefined });
      return [
        {
          ...{ name: name.data, state, perSecond, sinceNs: this.#sinceOf(balance.stage, state) },
          ...(counted.isKnown ? counted.told : unknownStage),
          lagRecords: isSealer ? `${sealer.behind}` : null,
          lagMs: null,
        },
      ];
    });
    const views = metrics.flatMap(({ process, counters: own }) =>
      Object.entries(own).map(([name, value]) => ({
        name: `${process} ${name}`.slice(0, 160),
        value: Math.max(0, Math.round(value)),
      })),
    );
    return { stages, counters: views };
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** Keeps a sample; returns the oldest one within the window. */
  #remember(counters: ReadonlyMap<string, number>): Sample | undefined {
    const atMs = this.#nowMs();
    const passed = new Map(
      stageBalances.map((each) => [each.stage, sumsOf(each, counters).passed ?? 0]),
    );
    const kept = this.#samples.filter((sample) => atMs - sample.atMs <= windowMs);
    this.#samples = [...kept, { atMs, passed }].slice(-samplesMax);
    return kept[0];
  }

  #sinceOf(stage: string, state: StageView['state']): string {
    const known = this.#since.get(stage);
    if (known?.state === state) return known.ns;
    const ns = `${this.#options.clock.nowNs()}`;
    this.#since.set(stage, { state, ns });
    return ns;
  }
}

const unknownStage = { received: null, passed: null, dropped: [] };

function addedUp(metrics: readonly ProcessMetrics[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { counters } of metrics)
    for (const [key, value] of Object.entries(counters))
      sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}

function sumsOf(balance: StageBalance, counters: ReadonlyMap<string, number>) {
  const of = (names: readonly string[]) =>
    [...counters].filter(([key]) => names.includes(key.split('{', 1)[0] ?? ''));
  const sum = (names: readonly string[]) =>
    of(names).reduce((total, [, count]) => total + count, 0);
  const isKnown = of([...balance.received, ...balance.passed]).length > 0;
  const received = sum(balance.received);
  const passed = sum(balance.passed);
  const dropped = of(balance.dropped).map(([reason, count]) => ({
    reason: reason.slice(0, 96),
    count,
  }));
  const told = { received, passed, dropped };
  return isKnown ? { isKnown, passed, told } : { isKnown, passed: undefined, told };
}

function rateOf(
  stage: string,
  passed: number | undefined,
  first: Sample | undefined,
  nowMs: number,
) {
  const before = first?.passed.get(stage);
  if (passed === undefined || first === undefined || before === undefined) return null;
  const seconds = (nowMs - first.atMs) / 1000;
  return seconds < 0.5 ? null : Math.max(0, (passed - before) / seconds);
}

interface Judged {
  readonly isKnown: boolean;
  readonly perSecond: number | null;
  readonly sealer: { readonly behind: bigint; readonly isStopped: boolean } | undefined;
}

function stateOf({ isKnown, perSecond, sealer }: Judged): StageView['state'] {
  if (sealer?.isStopped === true) return 'stopped';
  if (!isKnown) return 'unknown';
  if (sealer !== undefined && sealer.behind > behindRecords) return 'behind';
  return perSecond === 0 ? 'idle' : 'working';
}
