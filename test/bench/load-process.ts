// The load's process: registers sandboxes, sends records at a pace, counts what was acknowledged.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { keyFilesOf } from '@sandtrail/local/keys';
import { layoutOf } from '@sandtrail/local/layout';
import { newSandboxUid } from '@sandtrail/local/run-watched';
import { endSandbox, registerSandbox } from '@sandtrail/local/sandbox-door';
import { effectiveConfiguration } from '@sandtrail/local/up';
import { systemRandom } from '@sandtrail/runtime/clock';
import { LoadPlan, type LoadResult } from './load.ts';
import { emitLoad } from './load-emit.ts';
import { recordsLoad } from './load-records.ts';
import type { Load } from './load-run.ts';

// The client's connection does not keep this process alive; its parent does, and ends it by going away.
process.channel?.ref();
process.once('disconnect', () => process.exit(1));

const plan = LoadPlan.parse(JSON.parse(process.argv[2] ?? ''));
const layout = layoutOf(plan.data);
const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
const lives = Array.from({ length: plan.sandboxes }, () => ({
  uid: newSandboxUid(systemRandom),
  incarnation: 0,
}));
for (const life of lives) await registerSandbox({ layout, token }, life);
const { node } = effectiveConfiguration(layout);
const around = { layout, token, node, sandboxes: lives.map(({ uid }) => uid) };
const load: Load = await (plan.way === 'records' ? recordsLoad(around) : emitLoad(around));

const beganMs = performance.now();
const cpu = process.cpuUsage();
const endsMs = beganMs + plan.seconds * 1000;
const turnMs = 4;
const givenMax = 100_000;
let asked = 0;
while (performance.now() < endsMs) {
  const sinceMs = performance.now() - beganMs;
  const due = plan.rate === 0 ? Number.POSITIVE_INFINITY : (plan.rate * sinceMs) / 1000;
  const given = due <= asked ? 0 : await load.give(Math.min(due - asked, givenMax));
  asked += given;
  if (given === 0) await delay(turnMs);
}
const counts = await load.finish();
const elapsedMs = performance.now() - beganMs;
const { user, system } = process.cpuUsage(cpu);
for (const life of lives) await endSandbox({ layout, token }, life);
const result: LoadResult = { ...counts, elapsedMs, cpuMs: (user + system) / 1000 };
process.send?.(result, () => process.exit(0));
