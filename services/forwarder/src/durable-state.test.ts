import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Cursor } from './cursor.ts';
import { DeadLetters } from './dead-letters.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-cursor-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const chain = 'a'.repeat(64);
const beginning = async () => new Map<string, bigint>();

test('a cursor is where it was left, with its counts; a new one begins where it is told', async () => {
  const file = path.join(dir, 'a.json');
  const cursor = await Cursor.open(file, async () => new Map([[chain, 7n]]));
  expect(cursor.next(chain)).toBe(7n);
  await cursor.advance(new Map([[chain, 9n]]), { received: 2, sent: 1, filtered: 1, dead: 0 });
  const again = await Cursor.open(file, beginning);
  expect(again.next(chain)).toBe(9n);
  expect(again.counts).toEqual({ received: 2, sent: 1, filtered: 1, dead: 0 });
});

test('a damaged cursor is named, not begun anew', async () => {
  const file = path.join(dir, 'b.json');
  writeFileSync(file, '{"v":1,"next":{}');
  await expect(Cursor.open(file, beginning)).rejects.toMatchObject({ code: 'DATA_DIR_DAMAGED' });
});

test('dead letters survive a torn last line, and those past the cursor are forgotten', async () => {
  const file = path.join(dir, 'c.ndjson');
  const options = { path: file, max: 10, isPast: ({ pos }: { pos: string }) => BigInt(pos) < 5n };
  const dead = await DeadLetters.open(options);
  const letter = (pos: string) => ({ chain, pos, reason: 'oversize' });
  await dead.add([letter('1'), letter('4'), letter('6')]);
  appendFileSync(file, '{"chain":"aaaa');
  const again = await DeadLetters.open(options);
  expect(again.all().map(({ pos }) => pos)).toEqual(['1', '4']);
  await Promise.all([again.add([letter('2')]), again.remove([{ chain, pos: '1' }])]);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
});
