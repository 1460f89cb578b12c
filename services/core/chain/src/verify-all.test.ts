import type { VerifyReport } from '@sandtrail/schemas/seal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleLog, sourceOf } from './example-log.ts';
import type { SealedRow } from './row.ts';
import { exitOf } from './verdict.ts';
import { verifyAll } from './verify-all.ts';

const log = exampleLog({ eventCount: 60 });
const { control, events, trust, heads } = log;
const length = events.rows.length;

test('an untouched log with an outside head is verified and anchored', async () => {
  const report = await verify({});
  expect(codes(report)).toEqual([]);
  expect(exitOf(report)).toBe(0);
  expect(report.chains.map(({ topic, anchored }) => [topic, anchored])).toEqual([
    ['control', true],
    ['events', true],
  ]);
});

test('a head confirms by itself when no keys are pinned', async () => {
  const report = await verify({ trust: undefined });
  expect([codes(report), exitOf(report)]).toEqual([[], 0]);
});

test('without an outside head nothing is anchored, and the report says what to do', async () => {
  const report = await verify({ heads: undefined });
  expect(exitOf(report)).toBe(2);
  expect(report.findings).toMatchObject([{ code: 'unanchored', chain: null }]);
  expect(report.findings[0]?.detail).toMatch(/--head FILE/);
});

test('without any checkpoint a chain is unsealed', async () => {
  const report = await verifyAll({ chains: [sourceOf(events)], trust });
  expect(codes(report)).toEqual(['unanchored', 'unsealed']);
  expect(exitOf(report)).toBe(2);
});

test('no rows are never verified', async () => {
  const nothing = await verifyAll({ chains: [] });
  expect([codes(nothing), exitOf(nothing)]).toEqual([['incomplete_export'], 3]);
  const empty = await verifyAll({ chains: [sourceOf(events, [])], trust });
  expect([codes(empty), exitOf(empty)]).toEqual([['incomplete_export'], 3]);
  const known = await verify({ rows: [] });
  expect([codes(known), exitOf(known)]).toEqual([['truncated'], 1]);
});

test('a changed body is a leaf mismatch at its position and nothing else', async () => {
  for (const pos of [0, 1, 17, length - 1])
    expect(await tampered((rows) => edit(rows, pos, { body: Buffer.from('{}') }))).toEqual([
      `leaf_mismatch ${pos}`,
    ]);
});

test('two rows changed side by side are both named', async () => {
  const body = Buffer.from('{}');
  const found = await tampered((rows) => edit(edit(rows, 9, { body }), 10, { body }));
  expect(found).toEqual(['leaf_mismatch 9', 'leaf_mismatch 10']);
});

test('a changed link is a link mismatch at its position and nothing else', async () => {
  const link = Buffer.alloc(32, 5);
  for (const pos of [0, 17, length - 2])
    expect(await tampered((rows) => edit(rows, pos, { link }))).toEqual([`link_mismatch ${pos}`]);
});

test('any single changed bit of any row is found at its position', async () => {
  const field = fc.constantFrom('header', 'body', 'link', 'offset');
  const property = fc.asyncProperty(fc.nat(length - 1), field, fc.nat(), async (pos, name, bit) => {
    const found = await tampered((rows) =>
      rows.map((row, i) => (i === pos ? flip(row, name, bit) : row)),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^(leaf|link)_mismatch ${pos}$`));
  });
  await fc.assert(property, { numRuns: 150 });
});

test('a changed bit of a position leaves a gap there', async () => {
  for (const [pos, bit] of [
    [5, 1n],
    [17, 128n],
    [40, 2n],
  ] as const) {
    const found = await tampered((rows) =>
      sorted(rows.map((row, i) => (i === pos ? { ...row, pos: row.pos ^ bit } : row))),
    );
    expect(found).toContain(`gap ${pos}`);
  }
});

test('any deletion inside is a gap, at the end it is truncated', async () => {
  const range = fc.tuple(fc.integer({ min: 1, max: length - 2 }), fc.integer({ min: 1, max: 9 }));
  await fc.assert(
    fc.asyncProperty(range, async ([from, count]) => {
      const found = await tampered((rows) => [...rows.slice(0, from), ...rows.slice(from + count)]);
      const cut = from + count >= length;
      expect(found).toEqual([cut ? `truncated ${from - 1}` : `gap ${from}`]);
    }),
    { numRuns: 60 },
  );
});

test('a deletion whose followers were renumbered is a link mismatch where it was', async () => {
  const found = await tampered((rows) =>
    [...rows.slice(0, 20), ...rows.slice(21)].map((row, i) => ({ ...row, pos: BigInt(i) })),
  );
  expect(found[0]).toBe('link_mismatch 20');
  expect(found.filter((line) => !line.startsWith('truncated'))).toHaveLength(1);
});

test('a row put in, with its followers renumbered, is a link mismatch where it stands', async () => {
  const found = await tampered((rows) => {
    const forged = rows.slice(20, 21).map((row) => ({ ...row, body: Buffer.from('{}') }));
    const all = [...rows.slice(0, 20), ...forged, ...rows.slice(20)];
    return all.map((row, i) => ({ ...row, pos: BigInt(i) }));
  });
  expect(found).toEqual(['link_mismatch 20']);
});

test('the first rows missing is a missing prefix', async () => {
  expect(await tampered((rows) => rows.slice(3))).toEqual(['missing_prefix 0']);
});

test('any two rows that changed places are a link mismatch at the first of them', async () => {
  const range = fc.tuple(fc.integer({ min: 1, max: length - 9 }), fc.integer({ min: 1, max: 6 }));
  await fc.assert(
    fc.asyncProperty(range, fc.boolean(), async ([a, distance], withLinks) => {
      const found = await tampered((rows) => swap(rows, { a, b: a + distance, withLinks }));
      expect(found[0]).toMatch(distance === 1 ? `link_mismatch ${a}` : /_mismatch/);
      expect(found.some((line) => line.endsWith(` ${a}`))).toBe(true);
      expect(found.length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 60 },
  );
});

test('an identical row that stands twice is counted and leaves the verdict alone', async () => {
  const report = await verify({
    rows: events.rows.flatMap((row, i) => (i % 7 === 0 ? [row, row] : [row])),
  });
  expect(exitOf(report)).toBe(0);
  expect(report.findings).toMatchObject([{ code: 'benign_duplicate' }]);
  expect(report.findings[0]?.detail).toMatch(/^10 in all/);
});

test('a row repeated at the end under a new position is a link mismatch there', async () => {
  const found = await tampered((rows) => [
    ...rows,
    ...rows.slice(5, 6).map((row) => ({ ...row, pos: BigInt(length) })),
  ]);
  expect(found).toEqual([`link_mismatch ${length}`]);
});

test('two rows at one position are a fork, whichever comes first', async () => {
  const forge = (row: SealedRow) => ({ ...row, body: Buffer.from('{}') });
  for (const order of [0, 1]) {
    const found = await tampered((rows) =>
      rows.flatMap((row, i) => {
        if (i !== 11) return [row];
        return order === 0 ? [row, forge(row)] : [forge(row), row];
      }),
    );
    expect(found).toEqual(['fork 11']);
  }
});

test('rows in any order within the bound are verified', async () => {
  const report = await verify({ rows: [...events.rows].reverse() });
  expect([codes(report), exitOf(report)]).toEqual([[], 0]);
});

test('rows whose links have expired are still held to the signed root', async () => {
  const rows = events.rows.map(({ link, ...row }) => ({ ...row, link: undefined }));
  expect(codes(await verify({ rows }))).toEqual([]);
  const forged = edit(rows, 20, { body: Buffer.from('{}') });
  const report = await verify({ rows: forged });
  expect(codes(report)).toContain('root_mismatch');
  expect(exitOf(report)).toBe(1);
});

test('positions, offsets and links of any value never make the verifier throw', async () => {
  const extreme = fc.oneof(
    fc.bigInt(0n, 80n),
    fc.constantFrom(2n ** 64n - 1n, 2n ** 63n, 2n ** 53n),
  );
  const link = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined });
  const change = fc.record({ at: fc.nat(length - 1), pos: extreme, offset: extreme, link });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const rows = [...events.rows];
      for (const { at, pos, offset, link: bytes } of changes) {
        const row = rows[at];
        const forged = bytes === undefined ? undefined : Buffer.from(bytes);
        if (row !== undefined) rows[at] = { ...row, pos, offset, link: forged };
      }
      expect((await verify({ rows })).verdict).not.toBe('unanchored');
    }),
    { numRuns: 80 },
  );
});

test('a chain that is not there although a head names it is missing', async () => {
  const report = await verifyAll({ chains: [sourceOf(control)], trust, heads });
  expect(codes(report)).toEqual(['missing_chain']);
  expect(report.findings[0]?.chain).toBe(events.chain);
});

interface Tampering {
  readonly rows?: readonly SealedRow[];
  readonly trust?: typeof trust | undefined;
  readonly heads?: typeof heads | undefined;
}

function verify(options: Tampering): Promise<VerifyReport> {
  const chains = [sourceOf(events, options.rows ?? events.rows), sourceOf(control)];
  return verifyAll({ chains, trust, heads, ...options });
}

/** Code and position of each finding about the tampered chain of events. */
async function tampered(change: (rows: readonly SealedRow[]) => readonly SealedRow[]) {
  const report = await verify({ rows: change(events.rows) });
  expect(exitOf(report)).toBe(1);
  return report.findings.map(({ code, position }) => `${code} ${position}`);
}

function codes(report: VerifyReport): string[] {
  return report.findings.map(({ code }) => code);
}

function edit(rows: readonly SealedRow[], pos: number, change: Partial<SealedRow>): SealedRow[] {
  return rows.map((row, i) => (i === pos ? { ...row, ...change } : row));
}

function flip(row: SealedRow, field: string, bit: number): SealedRow {
  if (field === 'offset') return { ...row, offset: row.offset ^ (1n << BigInt(bit % 40)) };
  const old = field === 'header' ? row.header : field === 'body' ? row.body : row.link;
  const bytes = Buffer.from(old ?? []);
  const at = Math.floor(bit / 8) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  return { ...row, [field]: bytes };
}

function sorted(rows: readonly SealedRow[]): SealedRow[] {
  return [...rows].sort((x, y) => Number(x.pos - y.pos));
}

interface Swap {
  readonly a: number;
  readonly b: number;
  readonly withLinks: boolean;
}

/** Two rows exchange what they hold; their positions stay. */
function swap(rows: readonly SealedRow[], { a, b, withLinks }: Swap): SealedRow[] {
  return rows.map((row, i) => {
    const other = i === a ? rows[b] : i === b ? rows[a] : undefined;
    if (other === undefined) return row;
    return { ...other, pos: row.pos, link: withLinks ? other.link : row.link };
  });
}
