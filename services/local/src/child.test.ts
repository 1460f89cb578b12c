// Supervision on real processes: readiness, restart after SIGKILL, an end in order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sandtrail/runtime/log';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Child, startChild } from './child.ts';

let folder = '';
let child: Child | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
});
afterEach(async () => {
  await child?.stop();
  child = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function start(script: string) {
  const file = path.join(folder, 'child.mjs');
  writeFileSync(file, script);
  const log = silentLogger;
  return startChild({
    name: 'x',
    file,
    args: [],
    account: undefined,
    log,
    readyMsMax: 5_000,
    stopMsMax: 300,
  });
}

const serves = "process.send('ready'); setInterval(() => undefined, 1000);";

test('a child that is killed is started again', async () => {
  child = await start(serves);
  const first = child.pid();
  process.kill(first ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(child?.restarts()).toBe(1), 5_000);
  expect(child.pid()).not.toBe(first);
});

test('a child that says why it cannot start is quoted, with its code', async () => {
  const fault = "{ code: 'DATA_DIR_DAMAGED', detail: 'events-0' }";
  const failing = `process.send({ fault: ${fault} }); setInterval(() => undefined, 1000);`;
  await expect(start(failing)).rejects.toThrowError(/events-0/);
  await expect(start(failing)).rejects.toMatchObject({ code: 'DATA_DIR_DAMAGED' });
});

test('a child that ends at once is a failure with its code', async () => {
  await expect(start('process.exit(7);')).rejects.toThrowError(/code 7/);
});

test('a child that ignores SIGTERM is ended all the same', async () => {
  child = await start(`process.on('SIGTERM', () => undefined); ${serves}`);
  await child.stop();
  expect(() => process.kill(child?.pid() ?? 0, 0)).toThrowError();
  child = undefined;
});
