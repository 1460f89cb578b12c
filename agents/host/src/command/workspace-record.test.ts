import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Gap } from '../collector.ts';
import { WorkspaceRecord } from './workspace-record.ts';

let root = '';
let record: WorkspaceRecord | undefined;
const seen: ObservationOf<'file.write'>[] = [];
const gaps: Gap[] = [];

function watch(): void {
  record = new WorkspaceRecord({
    root,
    inside: '/work',
    clock: systemClock,
    counters: createCounters(),
    emit: (observation) => {
      seen.push(observation);
    },
    lost: (gap) => {
      gaps.push(gap);
    },
    scan: (text) => {
      const start = text.indexOf('NEEDLE');
      return start < 0 ? [] : [{ start, end: start + 6 }];
    },
  });
}

function paths(): readonly string[] {
  return seen.map((observation) => observation.path.raw);
}

async function close(): Promise<void> {
  await delay(120);
  record?.close();
  record = undefined;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sandtrail-watch-'));
  seen.splice(0);
  gaps.splice(0);
});

afterEach(() => {
  record?.close();
  record = undefined;
  rmSync(root, { recursive: true });
});

test('a file is recorded once it was closed after writing, with its hash and beginning', async () => {
  writeFileSync(join(root, 'old'), 'was there before');
  watch();
  writeFileSync(join(root, 'new.txt'), 'hello');
  await close();
  expect(paths()).toEqual(['/work/new.txt']);
  expect(seen[0]).toMatchObject({
    sizeBytes: 5,
    scannedBytes: 5,
    text: 'hello',
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  });
});

test('directories made later are watched, with what was written before the watch stood', async () => {
  watch();
  mkdirSync(join(root, 'a/b/c'), { recursive: true });
  writeFileSync(join(root, 'a/b/c/deep'), 'x');
  await delay(120);
  writeFileSync(join(root, 'a/b/c/later'), 'y');
  await close();
  expect(new Set(paths())).toEqual(new Set(['/work/a/b/c/deep', '/work/a/b/c/later']));
});

test('a moved directory keeps its files under its new name', async () => {
  watch();
  mkdirSync(join(root, 'a'));
  await delay(120);
  renameSync(join(root, 'a'), join(root, 'b'));
  await delay(120);
  writeFileSync(join(root, 'b/file'), 'x');
  await close();
  expect(paths()).toEqual(['/work/b/file']);
});

test('links and devices of the sandbox lead the host nowhere', async () => {
  watch();
  symlinkSync('/etc/passwd', join(root, 'link'));
  symlinkSync('/etc', join(root, 'directory'));
  mkdirSync(join(root, 'real'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  await delay(120);
  // What an attacker does between event and open: the directory gives way to a link.
  writeFileSync(join(root, 'real/passwd'), 'mine');
  renameSync(join(root, 'real'), join(root, 'gone'));
  symlinkSync('/etc', join(root, 'real'));
  await close();
  expect(seen.every((observation) => observation.sizeBytes === 4)).toBe(true);
  expect(JSON.stringify(seen)).not.toContain('root:');
});

test('a secret far inside a file gets a record of its own place', async () => {
  watch();
  writeFileSync(join(root, 'big'), `${'x'.repeat(100_000)} NEEDLE ${'y'.repeat(100_000)}`);
  await close();
  expect(seen).toHaveLength(2);
  expect(seen[1]?.text).toContain(' NEEDLE ');
});

test('what lies past the bound of a large file is said to be unscanned', async () => {
  watch();
  writeFileSync(join(root, 'huge'), Buffer.alloc(3_000_000, 'z'));
  await close();
  expect(seen[0]).toMatchObject({ sizeBytes: 3_000_000, scannedBytes: 1_048_576 });
  expect(seen[0]?.sha256).toBeUndefined();
});

test('a flood of files is recorded up to the bound and the rest is counted', async () => {
  watch();
  for (let n = 0; n < 4000; n += 1) writeFileSync(join(root, `f${n}`), 'x');
  await close();
  const lost = gaps.reduce((sum, gap) => sum + Number(gap.count), 0);
  expect(seen.length + lost).toBe(4000);
  expect(lost).toBeGreaterThan(0);
});

test('a name that is not text keeps its bytes', async () => {
  watch();
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x');
  await close();
  expect(seen[0]?.raw?.[0]).toMatchObject({ field: 'path.raw', base64: 'L3dvcmsv//4=' });
});
