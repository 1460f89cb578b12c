// Throughput: a paced load for a minute, then: is every record sealed, queryable, judged, verifiable?
import { setTimeout as delay } from 'node:timers/promises';
import { findPart } from '../world/processes.ts';
import { TestProduct } from '../world/product.ts';
import { until } from '../world/until.ts';
import { costOf, costOfProcess, memoryOf, sharesOf, totalOf } from './cost.ts';
import { type Figure, figure, quantile } from './figure.ts';
import { type LoadPlan, type LoadResult, startLoad } from './load.ts';
import { openRows, progressOf } from './status.ts';
import { perRecords, threadCosts } from './thread-cost.ts';

/** Which load, how fast, how long; what a rate of 0 gives is the most that goes. */
export interface ThroughputPlan extends Pick<LoadPlan, 'way' | 'rate' | 'seconds'> {
  readonly aim: number;
  /** The log, as `--bus` takes it; the embedded one without. */
  readonly bus?: string;
}

const sampleMs = 1000;
const drainMsMax = 120_000;
/** Each record of the load once, however often it was sent. */
const rowsSql = "SELECT uniqExact(stream, seq) AS n FROM sealed WHERE stream LIKE 'ebpf:%'";
const memoryMbMax = 1200;
/** A pace is kept when so much of it came through: the last batch counts, not the first one. */
const keptShare = 0.99;

/** Runs the load on a product of its own. */
export async function measureThroughput(plan: ThroughputPlan): Promise<readonly Figure[]> {
  const product = new TestProduct({
    checkpointMs: 2000,
    logLevel: 'warn',
    ...(plan.bus === undefined ? {} : { bus: plan.bus }),
  });
  await product.start({ withFeed: false });
  try {
    return await loaded(product, plan);
  } finally {
    const left = await product.close();
    if (left.length > 0) process.stderr.write(`left behind: ${left.join('; ')}\n`);
    if (product.log !== '') process.stderr.write(product.log.slice(-4000));
  }
}

async function loaded(product: TestProduct, plan: ThroughputPlan): Promise<readonly Figure[]> {
  const { way, rate, seconds } = plan;
  const beganMs = performance.now();
  const core = findPart(product.pid, 'core')?.pid ?? 0;
  const before = { all: totalOf(costOf(product.pid)).cpuMs, core: threadCosts(core) };
  const load = startLoad({ way, data: product.layout.root, sandboxes: 8, rate, seconds });
  const samples = new Samples(product, load.pid);
  const result = await samples.takeUntil(load.result);
  const shares = samples.shares();
  const store = openRows(product);
  const countRows = () => store.count(rowsSql);
  const sealedMs = await drained('sealed', async () => (await countRows()) >= result.sent);
  const judgedMs = await drained('judged', async () => {
    const { judged, sealed } = await progressOf(product);
    return judged >= sealed;
  });
  const after = { all: totalOf(costOf(product.pid)).cpuMs, core: threadCosts(core) };
  const rows = await countRows();
  await store.close();
  const { exit, report } = await product.verify();
  const { findings, refused } = await progressOf(product);
  const throughMs = Math.max(samples.endedMs + Math.max(sealedMs, judgedMs) - beganMs, 1);
  const taken = (result.sent / result.elapsedMs) * 1000;
  const through = (result.sent / (Math.max(result.elapsedMs, throughMs) / 1000)) | 0;
  const name = nameOf(plan);
  const pace = rate === 0 ? 'as fast as taken' : `paced at ${rate}/s`;
  const isWhole = rows === result.sent && exit === 0 && findings === 0 && refused === 0;
  return [
    figure({
      ...{ name: `${name}: records acknowledged`, unit: 'records/s', value: taken },
      atLeast: Math.floor(plan.aim * keptShare),
      detail: `${pace}, ${seconds} s, ${result.sizeBytesMean.toFixed(0)}-byte bodies, 8 sandboxes, ${countsOf(result)}; answer p50 ${result.ackMsP50.toFixed(1)} ms, p99 ${result.ackMsP99.toFixed(1)} ms`,
    }),
    figure({
      ...{ name: `${name}: sealed and judged`, unit: 'records/s', value: through },
      detail: `until the last was sealed (${sealedMs.toFixed(0)} ms after the load) and judged (${judgedMs.toFixed(0)} ms)`,
    }),
    figure({
      ...{ name: `${name}: lag at the end`, unit: 'ms', value: Math.max(sealedMs, judgedMs) },
      detail: `lag under load, sealing: ${samples.lag((each) => each.sealed)}; judging: ${samples.lag((each) => each.judged)} (records)`,
    }),
    figure({
      ...{ name: `${name}: memory`, unit: 'MB', value: quantile(samples.pss, 1) },
      atMost: memoryMbMax,
      detail: `largest PSS sum of all processes without the load; ${samples.memoryText()}`,
    }),
    figure({
      ...{ name: `${name}: whole`, unit: 'of 1', value: isWhole ? 1 : 0, atLeast: 1 },
      detail: `${rows} rows of ${result.sent} sent, verify ${report.verdict} (${exit}), ${findings} findings, ${refused} refused`,
    }),
    figure({
      ...{ name: `${name}: CPU`, unit: '% of a core', value: samples.cpuShare() },
      detail: `${shares}; load ${((result.cpuMs / result.elapsedMs) * 100).toFixed(0)} %`,
    }),
    figure({
      ...{ name: `${name}: CPU of 100,000 records`, unit: 's' },
      value: ((after.all - before.all) / result.sent) * 100,
      detail: `of all processes until sealed and judged; threads of the core: ${perRecords(before.core, after.core, result.sent)}; the load ${((result.cpuMs / result.sent) * 100).toFixed(2)} s`,
    }),
  ];
}

function countsOf({ sent, refused, dropped, failures }: LoadResult): string {
  return `${sent} sent, ${refused} refused, ${dropped} dropped, ${failures} batches failed`;
}

/** Milliseconds until all that was sent has got so far, or the bound: then the rest shows as missing. */
async function drained(stage: string, isThere: () => Promise<boolean>): Promise<number> {
  const beganMs = performance.now();
  await until(isThere, {
    what: `all is ${stage}`,
    withinMs: drainMsMax,
    everyMs: 50,
  }).catch((error: unknown) => process.stderr.write(`${error}\n`));
  return performance.now() - beganMs;
}

/** Looks at the processes once a second while the load runs. */
class Samples {
  readonly #product: TestProduct;
  readonly #loadPid: number;
  readonly #beganMs = performance.now();
  readonly #first;
  #last;
  #atPeak;
  readonly pss: number[] = [];
  readonly rss: number[] = [];
  readonly #lags: { readonly sealed: number; readonly judged: number }[] = [];
  readonly #loadMb: number[] = [];
  endedMs = 0;

  constructor(product: TestProduct, loadPid: number) {
    this.#product = product;
    this.#loadPid = loadPid;
    this.#first = costOf(product.pid);
    this.#last = this.#first;
    this.#atPeak = this.#first;
  }

  async takeUntil(result: Promise<LoadResult>): Promise<LoadResult> {
    let isOver = false;
    const over = result.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([delay(sampleMs), over]);
      if (!isOver) await this.#look();
    }
    this.endedMs = performance.now();
    this.#last = costOf(this.#product.pid);
    return await result;
  }

  async #look(): Promise<void> {
    const costs = costOf(this.#product.pid);
    const { pssMb, rssMb } = totalOf(costs);
    if (pssMb > quantile(this.pss, 1)) this.#atPeak = costs;
    this.pss.push(pssMb);
    this.rss.push(rssMb);
    this.#loadMb.push(costOfProcess(this.#loadPid).rssMb);
    const { sealed, judged, counters } = await progressOf(this.#product);
    const accepted = counters['gateway.accepted'] ?? 0;
    this.#lags.push({ sealed: accepted - sealed, judged: accepted - judged });
  }

  lag(of: (lag: { readonly sealed: number; readonly judged: number }) => number): string {
    const lags = this.#lags.map(of);
    return `p50 ${quantile(lags, 0.5)}, last ${lags.at(-1) ?? 0}`;
  }

  memoryText(): string {
    const third = Math.ceil(this.pss.length / 3);
    const mean = (values: readonly number[]) =>
      values.reduce((all, each) => all + each, 0) / Math.max(values.length, 1);
    const [early, late] = [this.pss.slice(third, 2 * third), this.pss.slice(2 * third)];
    const parts = memoryOf(this.#atPeak);
    return `${parts}; mean of the second third ${mean(early).toFixed(0)}, of the last ${mean(late).toFixed(0)}; RSS sum ${quantile(this.rss, 1).toFixed(0)}; load ${quantile(this.#loadMb, 1).toFixed(0)}`;
  }

  shares(): string {
    return sharesOf(this.#first, this.#last, this.endedMs - this.#beganMs);
  }

  cpuShare(): number {
    const cpuMs = totalOf(this.#last).cpuMs - totalOf(this.#first).cpuMs;
    return (cpuMs / (this.endedMs - this.#beganMs)) * 100;
  }
}

function nameOf({ way, bus }: ThroughputPlan): string {
  if (bus !== undefined) return 'kafka';
  return way === 'records' ? 'gateway' : 'kit';
}
