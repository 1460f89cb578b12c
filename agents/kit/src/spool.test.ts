import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createCounters } from '@sandtrail/runtime/counters';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { decodeSegment, encodeSegment } from './segment.ts';
import { Spool } from './spool.ts';
import { makeDirectory } from './testbed.ts';

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true });
});

function open(given?: string) {
  const dir = given ?? makeDirectory();
  if (given === undefined) dirs.push(dir);
  const counters = createCounters();
  return { dir, counters, spool: new Spool({ dir, counters, segmentSizeBytesMax: 200 }) };
}

const record = (text: string) => ({ body: Buffer.from(text), erasable: Buffer.from('e') });
function takeAll(spool: Spool): string[] {
  const texts: string[] = [];
  for (let next = spool.oldest(); next !== undefined; next = spool.oldest()) {
    texts.push(...next.records.map(({ body }) => body.toString()));
    next.release();
  }
  return texts;
}

test('a segment gives back the records that it was made of, and stops where it was torn', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
      fc.nat(),
      (bodies, at) => {
        const records = bodies.map((body) => ({
          body: Buffer.from(body),
          erasable: Buffer.alloc(0),
        }));
        const bytes = encodeSegment(records);
        expect(decodeSegment(bytes)).toEqual({ records, tornBytes: 0 });
        const torn = decodeSegment(bytes.subarray(0, at % (bytes.length + 1)));
        expect(records.slice(0, torn.records.length)).toEqual(torn.records);
      },
    ),
  );
});

test('records come back oldest first, over many segments, and leave no file behind', () => {
  const { dir, spool } = open();
  const texts = Array.from({ length: 50 }, (_, at) => `record ${at} ${'x'.repeat(20)}`);
  for (const text of texts) spool.append([record(text)]);
  expect(readdirSync(dir).length).toBeGreaterThan(5);
  expect(takeAll(spool)).toEqual(texts);
  expect(readdirSync(dir)).toEqual([]);
  expect(spool.isEmpty).toBe(true);
  expect(spool.sizeBytes).toBe(0);
});

test('what is put before the others comes first', () => {
  const { spool } = open();
  spool.append([record('c'), record('d')]);
  spool.prepend([record('b')]);
  spool.prepend([record('a')]);
  spool.append([record('e')]);
  expect(takeAll(spool)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('another process finds what was left, also what was never closed', () => {
  const first = open();
  first.spool.append([record('a')]);
  first.spool.append([record('b')]);
  first.spool.prepend([record('0')]);
  const { spool } = open(first.dir);
  expect(spool.sizeBytes).toBeGreaterThan(0);
  expect(takeAll(spool)).toEqual(['0', 'a', 'b']);
});

test('a torn or damaged tail is counted and the records before it are kept', () => {
  const first = open();
  first.spool.append([record('whole'), record('torn')]);
  first.spool.close();
  const [name = ''] = readdirSync(first.dir);
  const file = path.join(first.dir, name);
  truncateSync(file, readFileSync(file).length - 2);
  const second = open(first.dir);
  expect(takeAll(second.spool)).toEqual(['whole']);
  expect(second.counters.snapshot()['kit.spool_torn_bytes']).toBeGreaterThan(0);
  writeFileSync(path.join(first.dir, 'notes.txt'), 'not a segment');
  expect(open(first.dir).spool.isEmpty).toBe(true);
});
