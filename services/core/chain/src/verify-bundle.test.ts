import type { VerifyReport } from '@sandtrail/schemas/seal';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeBundle } from './bundle-writer.ts';
import { type ExampleChain, exampleChain, exampleLog, sourceOf } from './example-log.ts';
import { lineSizeMax, splitLines } from './split-lines.ts';
import { exitOf } from './verdict.ts';
import { verifyBundle } from './verify-bundle.ts';

const log = exampleLog({ eventCount: 40 });
const { control, events, trust, heads } = log;
let lines: readonly string[] = [];
beforeAll(async () => {
  lines = await bundleOf([events, control]);
});

describe('a bundle', () => {
  test('exports a log and verifies it again', async () => {
    const report = await verify(lines);
    expect([codes(report), exitOf(report)]).toEqual([[], 0]);
    expect(report.chains.map(({ count }) => count)).toEqual([
      BigInt(control.rows.length),
      BigInt(events.rows.length),
    ]);
  });

  test('is anchored by nothing that it carries itself', async () => {
    const report = await verifyBundle({ lines: from(lines), trust });
    expect([codes(report), exitOf(report)]).toEqual([['unanchored'], 2]);
  });

  test('keeps bytes that are not text, and rows whose links have expired', async () => {
    const odd = exampleChain({ ...events.identity, partition: 9 }, ['{}']);
    const rows = odd.rows.map((row) => ({ ...row, link: undefined }));
    const raw = { ...odd, rows: [...rows.slice(0, 1), { ...rows[1], body: Buffer.of(0xff, 0) }] };
    const written = await bundleOf([{ ...raw, rows: raw.rows.flatMap((row) => asRow(row)) }]);
    expect(written.at(-1)).toContain('"bodyBase64":"/wA="');
    expect(written.at(-1)).not.toContain('"link"');
    expect(codes(await verifyBundle({ lines: from(written) }))).toEqual(['unanchored']);
  });

  test('leaves out rows that were sealed after it was begun', async () => {
    const grown = exampleLog({ eventCount: 48, closed: false });
    const begun = exportOf(grown.events, grown.events.rows.length - 3);
    const written = await collect(writeBundle({ log: 'example', chains: [begun], heads: [] }));
    expect(written).toHaveLength(grown.events.rows.length - 3 + 1);
  });
});

describe('a damaged bundle', () => {
  test.each([
    ['is empty', []],
    ['is of blank lines', ['', '']],
    ['has no manifest', ['{"pos":"0"}']],
    ['is something else', ['<html>', 'x']],
    ['is of a later version', ['{"sandtrail":"bundle","v":2,"log":"x","chains":[],"heads":[]}']],
  ])('that %s gives incomplete_export alone', async (_what, content) => {
    const report = await verifyBundle({ lines: from(content), trust, heads });
    expect([codes(report), exitOf(report)]).toEqual([['incomplete_export'], 3]);
  });

  test('that lists no chains is not verified', async () => {
    const manifest = '{"sandtrail":"bundle","v":1,"log":"x","chains":[],"heads":[]}';
    const report = await verifyBundle({ lines: from([manifest]) });
    expect([codes(report), exitOf(report)]).toEqual([['incomplete_export'], 3]);
  });

  test('that was cut off is incomplete, wherever it was cut', async () => {
    const text = lines.join('\n');
    const manifestSize = lines[0]?.length ?? 0;
    const property = fc.asyncProperty(fc.integer({ min: 1, max: text.length - 1 }), async (at) => {
      const report = await verifyBundle({
        lines: splitLines(bytes(text.slice(0, at))),
        trust,
        heads,
      });
      expect(exitOf(report)).toBe(3);
      if (at > manifestSize) expect(new Set(codes(report))).toEqual(new Set(['incomplete_export']));
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test('with one unreadable line names it, and does not call the row deleted', async () => {
    const report = await verify(lines.with(20, `${lines[20]?.slice(0, 90)}`));
    expect([new Set(codes(report)), exitOf(report)]).toEqual([new Set(['incomplete_export']), 3]);
    expect(report.findings.some(({ detail }) => detail === 'line 21 is not a row')).toBe(true);
    expect(report.findings.some(({ detail }) => detail.includes('missing'))).toBe(true);
  });

  test('with a line taken out has a gap', async () => {
    const report = await verify(lines.toSpliced(20, 1));
    expect(report.findings.map(({ code }) => code)).toEqual(['gap']);
    expect(exitOf(report)).toBe(1);
  });

  test('whose tail and manifest were cut to fit is truncated before the outside head', async () => {
    const cut = await bundleOf([control, { ...events, rows: events.rows.slice(0, 20) }]);
    const report = await verify(cut);
    expect(codes(report)).toEqual(['truncated']);
  });

  test('with every line twice is verified, and says so', async () => {
    const [manifest = '', ...rows] = lines;
    const report = await verify([manifest, ...rows.flatMap((row) => [row, row])]);
    expect(exitOf(report)).toBe(0);
    expect(new Set(codes(report))).toEqual(new Set(['benign_duplicate']));
  });

  test('with its rows in another order is verified', async () => {
    const [manifest = '', ...rows] = lines;
    const ofControl = rows.slice(0, control.rows.length).reverse();
    const report = await verify([
      manifest,
      ...ofControl,
      ...rows.slice(control.rows.length).reverse(),
    ]);
    expect([codes(report), exitOf(report)]).toEqual([[], 0]);
  });

  test('with rows of a chain that had ended, or that it does not list, is incomplete', async () => {
    const row = lines[1] ?? '';
    const late = await verify([...lines, row]);
    expect([codes(late), exitOf(late)]).toEqual([['incomplete_export'], 3]);
    const unlisted = await verify([...lines, row.replace('"c":0', '"c":7')]);
    expect([codes(unlisted), exitOf(unlisted)]).toEqual([['incomplete_export'], 3]);
  });

  test('of another log does not have the chains that the head names', async () => {
    const other = exampleChain({ log: 'other', topic: 'events', partition: 0 }, ['{}']);
    const report = await verify(await bundleOf([other]));
    expect(codes(report)).toEqual(['missing_chain', 'missing_chain', 'unanchored', 'unsealed']);
    expect(exitOf(report)).toBe(1);
  });

  test('of noise never makes the verifier throw, and is never verified', async () => {
    const noise = fc.string({ unit: 'binary', maxLength: 40 });
    const property = fc.asyncProperty(noise, fc.nat(lines.length - 1), async (piece, at) => {
      const line = lines[at] ?? '';
      const half = Math.floor(line.length / 2);
      const mixed = lines.with(at, line.slice(0, half) + piece + line.slice(half + piece.length));
      const changed = mixed[at] !== line;
      expect(exitOf(await verify(mixed)) === 0).toBe(!changed);
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

describe('lines', () => {
  test('are cut the same wherever the chunks end', async () => {
    const text = 'a\n\u{1f480}é\n\nlast';
    for (let size = 1; size < 8; size += 1)
      expect(await collect(splitLines(bytes(text, size)))).toEqual(['a', '\u{1f480}é', '', 'last']);
  });

  test('that are too long are cut to one more than the bound', async () => {
    const [long, next] = await collect(
      splitLines(bytes(`${'x'.repeat(lineSizeMax + 99)}\nok`, 65_536)),
    );
    expect(long?.length).toBe(lineSizeMax + 1);
    expect(next).toBe('ok');
  });
});

function verify(content: readonly string[]): Promise<VerifyReport> {
  return verifyBundle({ lines: from(content), trust, heads });
}

function codes(report: VerifyReport): string[] {
  return report.findings.map(({ code }) => code);
}

async function* from(content: readonly string[]): AsyncGenerator<string> {
  yield* content;
}

async function* bytes(text: string, size = 64): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

async function collect(items: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

function bundleOf(chains: readonly ExampleChain[]): Promise<string[]> {
  const exports = chains.map((chain) => exportOf(chain, chain.rows.length));
  return collect(writeBundle({ log: 'example', chains: exports, heads: heads.notes.slice(0, 0) }));
}

function exportOf(chain: ExampleChain, count: number) {
  const { rows } = sourceOf(chain);
  return { ...chain.identity, chain: chain.chain, first: 0n, count: BigInt(count), rows };
}

function asRow(row: Partial<ExampleChain['rows'][number]>) {
  const { pos, offset, header, body, link } = row;
  if (pos === undefined || offset === undefined || !header || !body) return [];
  return [{ pos, offset, header, body, link }];
}
