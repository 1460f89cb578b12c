import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nextEpoch } from './epoch.ts';
import { makeDirectory } from './testbed.ts';

const dirs: string[] = [];
const directory = () => {
  const dir = makeDirectory();
  dirs.push(dir);
  return dir;
};
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true });
});

test('epochs begin at 1 and rise, for each collector on its own', () => {
  const dir = directory();
  expect([nextEpoch(dir, 'a'), nextEpoch(dir, 'a'), nextEpoch(dir, 'b')]).toEqual([1, 2, 1]);
});

test('no epoch is given twice, however often the process is killed', async () => {
  const dir = directory();
  const given: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const script = path.join(import.meta.dirname, 'epoch-child.ts');
    const child = spawn(process.execPath, [script, dir, 'a'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > 60 + round * 37) child.kill('SIGKILL');
    });
    await once(child, 'close');
    given.push(...text.split('\n').slice(0, -1).map(Number));
  }
  expect(given.length).toBeGreaterThan(50);
  expect(new Set(given).size).toBe(given.length);
  expect(nextEpoch(dir, 'a')).toBeGreaterThan(Math.max(...given));
});

test('a damaged counter is an error, not a new beginning', async () => {
  const dir = directory();
  await writeFile(path.join(dir, 'a.epoch'), 'seven\n');
  expect(() => nextEpoch(dir, 'a')).toThrow(expect.objectContaining({ code: 'DATA_DIR_DAMAGED' }));
});
