import { describe, expect, test } from 'vitest';
import { exampleLog } from './example-log.ts';
import { hashOfBytes, hexOf } from './hash.ts';
import type { SealedRow } from './row.ts';
import { RangeWalk } from './verify-range.ts';

const { events } = exampleLog({ eventCount: 20 });

/** Walks rows `from` to `to` as they are given; the link before comes from the honest rows. */
function walk(rows: readonly SealedRow[], from: bigint, to: bigint) {
  const link = events.rows[Number(from) - 1]?.link;
  const before = link === undefined ? undefined : hashOfBytes(link);
  const range = new RangeWalk({ chain: events.chain, from, before });
  for (const row of rows) if (row.pos >= from && row.pos <= to && !range.step(row)) break;
  const fault = range.end(to);
  return { fault, rows: range.rows, link: hexOf(range.link) };
}

function changed(pos: bigint, change: (row: SealedRow) => SealedRow): readonly SealedRow[] {
  return events.rows.map((row) => (row.pos === pos ? change(row) : row));
}

const otherBody = (row: SealedRow) => ({ ...row, body: Buffer.from(`${row.body} `) });

test('honest rows follow from the first one or from any in the middle', () => {
  const last = events.rows.at(-1)?.pos ?? 0n;
  expect(walk(events.rows, 0n, last)).toMatchObject({ fault: undefined, rows: last + 1n });
  expect(walk(events.rows, 5n, 9n)).toMatchObject({
    fault: undefined,
    rows: 5n,
    link: events.rows[9]?.link?.toString('hex'),
  });
});

test('a row that stands twice, as a crash may leave it, is one row', () => {
  const doubled = events.rows.flatMap((row) => (row.pos === 7n ? [row, row] : [row]));
  expect(walk(doubled, 5n, 9n)).toMatchObject({ fault: undefined, rows: 5n });
});

describe('one tampering is one fault at its position', () => {
  const withLink = (row: SealedRow) => ({ ...row, link: Buffer.alloc(32, 1) });
  const cases: readonly (readonly [string, readonly SealedRow[], string, bigint])[] = [
    ['a changed body', changed(7n, otherBody), 'leaf_mismatch', 7n],
    ['a changed last body', changed(9n, otherBody), 'leaf_mismatch', 9n],
    ['a changed link', changed(7n, withLink), 'link_mismatch', 7n],
    ['a missing row', events.rows.filter(({ pos }) => pos !== 7n), 'gap', 7n],
    ['a missing end', events.rows.filter(({ pos }) => pos < 9n), 'gap', 9n],
    [
      'two rows at one position',
      events.rows.flatMap((row) => (row.pos === 7n ? [row, otherBody(row)] : [row])),
      'fork',
      7n,
    ],
    ['a changed offset', changed(7n, (row) => ({ ...row, offset: 99n })), 'leaf_mismatch', 7n],
  ];
  test.each(cases)('%s', (_name, rows, code, position) => {
    expect(walk(rows, 5n, 9n).fault).toMatchObject({ code, position });
  });
});

test('a chain under another id does not follow from its genesis', () => {
  const range = new RangeWalk({ chain: '00'.repeat(32), from: 0n });
  for (const row of events.rows) if (!range.step(row)) break;
  expect(range.end(3n)).toMatchObject({ code: 'leaf_mismatch', position: 0n });
});
