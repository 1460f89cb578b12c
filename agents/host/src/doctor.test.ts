import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { expect, test } from 'vitest';
import { checkNode } from './doctor/machine.ts';
import { type Diagnosis, diagnose } from './doctor.ts';
import { findCgroupLayout } from './sandbox/cgroup-layout.ts';

const cgroupName = `sandtrail-doctor-test-${process.pid}`;
const options = {
  clock: systemClock,
  counters: createCounters(),
  logger: silentLogger,
  dataDirectory: tmpdir(),
  cgroupName,
};

function stateOf({ checks }: Diagnosis, name: string): string | undefined {
  return checks.find((check) => check.name === name)?.state;
}

test('as root every sensor is really loaded, contained canaries are proven, nothing stays', async () => {
  const diagnosis = await diagnose({ ...options, isRoot: true });
  const names = ['node', 'ebpf', 'proc', 'strace', 'bubblewrap', 'cgroup', 'setns', 'tracefs'];
  for (const name of [...names, 'user-namespaces', 'disk']) {
    expect([name, stateOf(diagnosis, name)]).toEqual([name, 'on']);
  }
  expect(diagnosis.watching).toBe('ebpf');
  expect(diagnosis.blind.length).toBeGreaterThan(3);
  expect(diagnosis.checks.find(({ name }) => name === 'ebpf')?.mode).toMatch(/probes attached/);
  const tree = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'))?.unified ?? '';
  expect(existsSync(join(tree, cgroupName))).toBe(false);
}, 60_000);

test('as an ordinary user it says what is off, why, and the command that mends it', () => {
  const program = `
    import { diagnose } from ${JSON.stringify(new URL('doctor.ts', import.meta.url).href)};
    const runtime = ${JSON.stringify(new URL('../../../services/core/runtime/src/', import.meta.url).href)};
    const { systemClock: clock } = await import(runtime + 'clock.ts');
    const { createCounters } = await import(runtime + 'counters.ts');
    const { silentLogger: logger } = await import(runtime + 'log.ts');
    const isRoot = process.getuid() === 0;
    console.log(JSON.stringify(await diagnose({ clock, counters: createCounters(), logger, isRoot,
      dataDirectory: '/tmp', cgroupName: 'none' })));`;
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  const words = [...nobody, '--input-type=module', '-e', program];
  const run = spawnSync('setpriv', words, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  expect(run.stderr).toBe('');
  const diagnosis: Diagnosis = JSON.parse(run.stdout);
  expect(stateOf(diagnosis, 'strace')).toBe('on');
  expect(stateOf(diagnosis, 'bubblewrap')).toBe('on');
  expect(stateOf(diagnosis, 'setns')).toBe('on');
  expect(diagnosis.watching).toBe('strace');
  for (const name of ['ebpf', 'proc', 'cgroup']) {
    const check = diagnosis.checks.find((one) => one.name === name);
    expect(check).toMatchObject({ state: 'off', why: 'needs root' });
    expect(check?.remedy).toContain('root');
  }
});

test('a Node that is too old is named with its remedy', () => {
  expect(checkNode('20.20.0')).toMatchObject({ state: 'off', why: '20.20.0 is older than 24' });
  expect(checkNode('24.1.0').state).toBe('on');
});
