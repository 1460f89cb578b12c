// `npm run bench`: measures the whole product against its aims; prints a table and writes JSON.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../world/kafka.ts';
import { type Figure, figure, tableOf } from './figure.ts';
import { measureForward } from './forward.ts';
import { measureIdle } from './idle.ts';
import { measureLatency } from './latency.ts';
import { measureThroughput } from './throughput.ts';

const usage = `npm run bench -- [--only NAME]… [--seconds N] [--runs N] [--rate N] [--out FILE]

  --only NAME    one of: latency, records, kafka, emit, idle, forward; may be given more than once
  --seconds N    how long a load or a silence lasts (60 and 30 unless told)
  --runs N       attacks whose latency is measured (30)
  --rate N       records a second of a load instead of the aim's; 0 is as many as are taken
  --out FILE     where the JSON goes (a file in the system's temporary folder)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string' },
    runs: { type: 'string' },
    rate: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const seconds = (usual: number) => Number(values.seconds ?? usual);
const rate = (aim: number) => Number(values.rate ?? aim);
const aims = { records: 30_000, kafka: 20_000, emit: 15_000 } as const;

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  latency: () => measureLatency({ runs: Number(values.runs ?? 30) }),
  records: () => load('records'),
  kafka: loadThroughKafka,
  emit: () => load('emit'),
  idle: () => measureIdle({ seconds: seconds(30) }),
  forward: () => measureForward({ rate: rate(10_000), seconds: seconds(15) }),
};

function load(way: 'records' | 'emit') {
  return measureThroughput({ way, aim: aims[way], rate: rate(aims[way]), seconds: seconds(60) });
}

/** The same load as `records`, with a broker on the same cores. */
async function loadThroughKafka() {
  const broker = await startBroker({ isMeasured: true });
  try {
    const { url: bus } = broker;
    const pace = { rate: rate(aims.kafka), seconds: seconds(60) };
    return await measureThroughput({ way: 'records', aim: aims.kafka, bus, ...pace });
  } finally {
    await broker.close();
  }
}

const names = values.only ?? Object.keys(benches);
const isUsed = values.help !== true && names.every((name) => benches[name] !== undefined);
if (!isUsed) {
  process.stdout.write(usage);
  process.exit(values.help === true ? 0 : 64);
}

const figures: Figure[] = [];
for (const name of names) {
  process.stderr.write(`bench: ${name} …\n`);
  const [before = 0] = loadavg();
  figures.push(...((await benches[name]?.()) ?? []));
  figures.push(
    figure({
      ...{ name: `${name}: load average`, unit: 'tasks', value: before },
      detail: 'of the machine over the minute before: what else it was doing',
    }),
  );
}
process.stdout.write(`${tableOf(figures)}\n`);

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 1_048_576),
  node: process.version,
};
const out = values.out ?? path.join(tmpdir(), `sandtrail-bench-${process.pid}.json`);
writeFileSync(
  out,
  `${JSON.stringify({ at: new Date().toISOString(), machine, figures }, null, 2)}\n`,
);
process.stdout.write(`written to ${out}\n`);
