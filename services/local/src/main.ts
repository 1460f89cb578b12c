// One process of the embedded product: `main.ts ROLE DATA`, started and kept alive by the supervisor.
import { readFileSync } from 'node:fs';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { createLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Fault } from './child.ts';
import { Configuration, configurationFile } from './configuration.ts';
import { layoutOf } from './layout.ts';
import { exchangeMetrics } from './metrics-exchange.ts';
import type { Role } from './role.ts';
import { releaseStartGarbage } from './start-garbage.ts';
import { startTelemetry } from './telemetry.ts';

/** Each process loads the code of its own role alone. */
const roles: Readonly<Record<string, () => Promise<Role>>> = {
  core: async () => (await import('./roles/core.ts')).startCore,
  host: async () => (await import('./roles/host.ts')).startHost,
  signer: async () => (await import('./roles/signer.ts')).startSigner,
};

const [name = '', data = ''] = process.argv.slice(2);
const load = roles[name];
if (load === undefined) {
  process.stderr.write(`usage: main.ts ${Object.keys(roles).join('|')} DATA\n`);
  process.exit(64);
}

const layout = layoutOf(data);
const configuration = Configuration.parse(
  JSON.parse(readFileSync(configurationFile(layout), 'utf8')),
);
process.title = `sandtrail-${name}`;
const log = createLogger({
  clock: systemClock,
  level: configuration.logLevel,
  part: name,
  write: (line) => process.stderr.write(line),
});

try {
  const start = await load();
  const counters = createCounters();
  const telemetry = await startTelemetry({ name, configuration, counters, log });
  const running = await start({
    layout,
    configuration,
    clock: systemClock,
    random: systemRandom,
    counters,
    log,
    metrics: exchangeMetrics(name, counters),
    spans: telemetry.spans,
    waiting: (detail) => process.send?.({ waiting: detail }),
  });
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await running.close();
    await telemetry.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  // The supervisor is gone, however it ended: nobody would restart or stop this process.
  process.on('disconnect', () => void stop());
  process.send?.('ready');
  releaseStartGarbage();
} catch (error) {
  if (!(error instanceof SandtrailError)) throw error;
  const fault: Fault = { code: error.code, detail: error.detail ?? '' };
  process.send?.({ fault });
  log.error('could not start', {
    code: error.code,
    detail: error.detail,
    cause: String(error.cause),
  });
  process.exit(error.exit);
}
