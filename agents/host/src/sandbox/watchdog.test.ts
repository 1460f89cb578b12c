import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWatchdog } from './watchdog.ts';

let path = '';

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'sandtrail-watchdog-'));
  writeFileSync(join(path, 'cgroup.freeze'), '0');
});

afterEach(() => {
  rmSync(path, { recursive: true });
});

test('a watchdog that is dismissed freezes nothing', async () => {
  const lost: number[] = [];
  const watchdog = startWatchdog({ cgroup: { path }, onLost: () => lost.push(1) });
  await watchdog.dismiss();
  expect(readFileSync(join(path, 'cgroup.freeze'), 'utf8')).toBe('0');
  expect(lost).toEqual([]);
});

test('signals of a terminal do not end it, and its death is told', async () => {
  const lost: number[] = [];
  const watchdog = startWatchdog({ cgroup: { path }, onLost: () => lost.push(1) });
  await delay(100);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(watchdog.pid, signal);
  await delay(50);
  expect(lost).toEqual([]);
  process.kill(watchdog.pid, 'SIGKILL');
  while (lost.length === 0) await delay(5);
  await watchdog.dismiss();
});
