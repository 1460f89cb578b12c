// Latency: real programs in real sandboxes do something forbidden; when is it found, stopped, queryable?
import { systemClock } from '@sandtrail/runtime/clock';
import type { Finding } from '@sandtrail/schemas/finding';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { startWorkload } from '../world/workload.ts';
import { type Figure, figure, quantile } from './figure.ts';
import { openRows } from './status.ts';

type Rows = ReturnType<typeof openRows>;

/** One run: milliseconds from the event, as the kernel stamped it. */
interface Run {
  readonly foundMs: number;
  readonly frozenMs: number;
  readonly queryableMs: number;
  readonly by: string;
}

const queryEveryMs = 10;
/** The cap on acts without a person is not what is measured: no run waits for one. */
const actsMax = 100_000;
/** The attacker sleeps first: its start, which costs everybody CPU, is not what is measured. */
const script = [
  "exec python3 -c '",
  'import time',
  'time.sleep(0.4)',
  'try: open("/proc/sys/kernel/core_pattern", "w")',
  'except OSError: pass',
  'time.sleep(20)',
  "'",
].join('\n');

/** Measures `runs` attacks, one after the other, on one product. */
export async function measureLatency({
  runs,
}: {
  readonly runs: number;
}): Promise<readonly Figure[]> {
  const settings = { checkpointMs: 2000, logLevel: 'warn', automaticActsMax: actsMax } as const;
  const product = await startTestProduct(settings);
  const rows = openRows(product);
  const measured: Run[] = [];
  try {
    for (let run = 0; run < runs; run += 1) {
      const result = await attack(product, rows);
      if (result !== undefined) measured.push(result);
    }
  } finally {
    await rows.close();
    const left = await product.close();
    if (left.length > 0) process.stderr.write(`left behind: ${left.join('; ')}\n`);
  }
  const missed = figure({
    ...{ name: 'attacks not found or not frozen', unit: 'runs', atMost: 0 },
    value: runs - measured.length,
  });
  return [...figuresOf(measured), missed];
}

/** One attack; undefined, and said, when something of it did not come about. */
async function attack(product: TestProduct, rows: Rows): Promise<Run | undefined> {
  const running = startWorkload(product, { script, name: 'latency' });
  running.stdin.end();
  try {
    return await observed(product, rows, running.uid);
  } catch (error) {
    process.stderr.write(`${error}\n`);
    return undefined;
  } finally {
    await product.command(['quarantine', running.uid, '--level', 'L5']);
    await running.ended;
  }
}

async function observed(product: TestProduct, rows: Rows, uid: string): Promise<Run> {
  const found = await awaitRecord(product, uid, 'finding', {
    fits: ({ finding }) => finding.detector === 'escape-primitive',
  });
  const { finding } = found.body;
  const queryableMs = await queryable(rows, finding);
  const { body } = await awaitRecord(product, uid, 'containment.verified', {
    fits: ({ result }) => result.check === 'at_once',
  });
  const requested = await awaitRecord(product, uid, 'containment.requested');
  return {
    foundMs: found.afterMs,
    frozenMs: since(finding, body.observedAtNs),
    queryableMs,
    by: requested.body.request.requester.type,
  };
}

/** Until the event that the finding rests on comes out of a query. */
async function queryable(rows: Rows, finding: Finding): Promise<number> {
  const [evidence] = finding.evidence;
  if (evidence === undefined) throw new Error('the finding rests on nothing');
  const { stream, seq } = evidence;
  const sql = `SELECT count() AS n FROM sealed WHERE stream = '${stream}' AND seq = ${seq}`;
  await until(async () => (await rows.count(sql)) > 0, {
    what: 'the event is queryable',
    everyMs: queryEveryMs,
  });
  return since(finding, systemClock.nowNs());
}

function since({ timeNs }: Finding, untilNs: bigint): number {
  return Number(untilNs - timeNs) / 1e6;
}

function figuresOf(runs: readonly Run[]): readonly Figure[] {
  const of = (name: string, values: readonly number[], { atMost, detail }: Aim) => [
    figure({ name: `${name} p50`, unit: 'ms', value: quantile(values, 0.5) }),
    figure({ name: `${name} p99`, unit: 'ms', value: quantile(values, 0.99), atMost, detail }),
  ];
  const by = [...new Set(runs.map((run) => run.by))].join(', ');
  return [
    ...of(
      'event to finding',
      runs.map(({ foundMs }) => foundMs),
      {
        atMost: 50,
        detail: `${runs.length} programs open core_pattern for writing; from the kernel’s stamp to the finding’s arrival at a client of the admin socket; in order: ${runs.map(({ foundMs }) => foundMs.toFixed(0)).join(' ')}`,
      },
    ),
    ...of(
      'event to frozen',
      runs.map(({ frozenMs }) => frozenMs),
      {
        atMost: 100,
        detail: `to the stamp of containment.verified: all its tasks were read back frozen; asked for by ${by}`,
      },
    ),
    ...of(
      'event to queryable row',
      runs.map(({ queryableMs }) => queryableMs),
      {
        atMost: 1500,
        detail: `to the first query of the store that returns it, asked every ${queryEveryMs} ms`,
      },
    ),
  ];
}

interface Aim {
  readonly atMost: number;
  readonly detail: string;
}
