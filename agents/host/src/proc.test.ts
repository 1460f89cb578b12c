import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WatchedSandbox } from './collector.ts';
import { RecordingSink, sandboxFor, until } from './kernel/rig.ts';
import { createProcCollector } from './proc.ts';

const sink = new RecordingSink();
const counters = createCounters();
const collector = createProcCollector({ clock: systemClock, counters });

/** A shell that waits for a line on its standard input before it runs `script`. */
function heldShell(script: string): { child: ChildProcess; sandbox: WatchedSandbox } {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return { child, sandbox: sandboxFor({ initPid: child.pid ?? 0 }) };
}

/** Runs to the end; returns the shell's own pid, whose execution may or may not be seen. */
async function runWatched(script: string): Promise<number> {
  const { child, sandbox } = heldShell(script);
  await collector.watch(sandbox);
  child.stdin?.end('go\n');
  await new Promise((resolve) => child.on('exit', resolve));
  await collector.unwatch(sandbox);
  return sandbox.initPid;
}

beforeAll(async () => {
  const mode = await collector.start(sink);
  expect(mode.on).toBe(true);
});

afterAll(() => collector.stop());

test('forks, executions and exits below the first process are seen, others are not', async () => {
  sink.observations.length = 0;
  const stranger = spawn('/bin/true', { stdio: 'ignore' });
  const shell = await runWatched('sleep 0.05; sh -c "sleep 0.01; exit 3"; :');
  const exec = sink.find('process.exec', ({ argv }) => argv[0] === 'sleep');
  expect(exec).toMatchObject({ argv: ['sleep', '0.05'], origin: 'image' });
  expect(exec.exe.raw).toMatch(/\/sleep$/);
  expect(sink.of('process.exit').map(({ code }) => code)).toContain(3);
  const forked = sink.of('process.fork').map(({ childPid }) => childPid);
  for (const { process } of sink.of('process.exec')) {
    expect([shell, ...forked]).toContain(process?.pid);
  }
  expect(sink.observations.some(({ process }) => process?.pid === stranger.pid)).toBe(false);
});

test('a change of uid and a killing signal are seen', async () => {
  sink.observations.length = 0;
  await runWatched(`setpriv --reuid=65534 sh -c 'kill -9 $$'; :`);
  expect(sink.find('process.credentials', ({ realUid }) => realUid === 65_534)).toMatchObject({
    effectiveUid: 65_534,
  });
  expect(sink.of('process.exit').map(({ signal }) => signal)).toContain(9);
});

test('of a thousand short-lived processes every fork, execution and exit is counted', async () => {
  sink.observations.length = 0;
  sink.gaps.length = 0;
  const shell = await runWatched('i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done');
  await until(() => sink.of('process.exit').length >= 1001, 'the last exit');
  const lost = sink.gaps.reduce((sum, { count }) => sum + count, 0n);
  expect(lost).toBe(0n);
  expect(sink.of('process.fork')).toHaveLength(1000);
  const executed = sink.of('process.exec').filter(({ process }) => process?.pid !== shell);
  expect(executed).toHaveLength(1000);
  const nameless = executed.filter(({ exe }) => exe.raw === '');
  expect(counters.snapshot()['proc.exec_vanished'] ?? 0).toBeGreaterThanOrEqual(nameless.length);
});
