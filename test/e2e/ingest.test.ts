// `sandtrail ingest` on the real product: other products' events are recorded, judged and verified.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, recordsOf } from '../world/seen.ts';
import { until } from '../world/until.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

const root = path.join(import.meta.dirname, '../..');
const fixtureOf = (source: string) => {
  const agent = source === 'falco' || source === 'tetragon' ? 'host' : 'sandbox';
  return path.join(root, `agents/${agent}/src/feeds/fixtures/${source}.jsonl`);
};

async function ingest(words: readonly string[], stdin = '') {
  const result = await product.command(['ingest', '--json', ...words], { stdin });
  if (result.stdout === '') throw new Error(result.stderr);
  return { ...result, summary: JSON.parse(result.stdout) };
}

const expected = {
  falco: { received: 5, passed: 4, refused: { no_event: 1 }, records: 6, lost: '17' },
  tetragon: { received: 7, passed: 6, refused: { unsupported: 1 }, records: 5, lost: '42' },
  otlp: { received: 6, passed: 4, refused: { unsupported: 1, no_event: 1 }, records: 6, lost: '0' },
  'claude-code': { received: 8, passed: 6, refused: { unsupported: 2 }, records: 7, lost: '0' },
} as const;

test.each(Object.entries(expected))(
  '%s: every entry of its fixture is accounted for',
  async (source, sums) => {
    const { exit, summary } = await ingest(['--source', source, fixtureOf(source)]);
    expect({ exit, ...summary }).toMatchObject({ exit: 0, source, ...sums, waiting: 0 });
    const own = () =>
      product.feed
        .all(({ sandbox }) => sandbox === summary.sandbox)
        .filter(({ body }) => !body.kind.startsWith('collector.') && body.kind !== 'finding');
    await until(() => own().length === sums.records, {
      what: `${sums.records} records of ${source}`,
    });
    if (sums.lost !== '0') {
      const { body } = await awaitRecord(product, summary.sandbox, 'collector.gap');
      expect(`${body.count}`).toBe(sums.lost);
    }
  },
);

test('a host’s feed is witnessed, a sandbox’s is a claim', async () => {
  const trustOf = async (source: string) => {
    const { summary } = await ingest(['--source', source, fixtureOf(source)]);
    const rows = await until(
      async () => {
        const { stdout } = await product.command(['query', '--json', '--sandbox', summary.sandbox]);
        const events = stdout
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
        const told = events.filter(({ kind }) => /^(?:process|tool)\./.test(kind));
        return told.length > 0 && told;
      },
      { what: `sealed rows of ${source}` },
    );
    return new Set(rows.map(({ trust }: { trust: string }) => trust));
  };
  expect(await trustOf('tetragon')).toEqual(new Set(['host']));
  expect(await trustOf('claude-code')).toEqual(new Set(['sandbox']));
});

test('malformed lines are named by number, and the rest is taken', async () => {
  const [good = ''] = readFileSync(fixtureOf('tetragon'), 'utf8').split('\n');
  const stdin = [
    good,
    '{',
    '',
    'null',
    good,
    '\u0000\u001b[2J',
    `{"x":"${'y'.repeat(5_000_000)}"}`,
  ].join('\n');
  const { exit, stderr, summary } = await ingest(['--source', 'tetragon', '-'], stdin);
  expect({ exit, ...summary }).toMatchObject({
    ...{ exit: 65, received: 6, passed: 2, refused: { malformed: 4 }, lines: 7 },
  });
  for (const line of [2, 4, 6, 7]) expect(stderr).toContain(`-:${line}: malformed`);
  expect(stderr).not.toContain('\u001b');
});

test('a flood is paced, not dropped', async () => {
  const [good = ''] = readFileSync(fixtureOf('tetragon'), 'utf8').split('\n');
  const file = path.join(product.folder, 'flood.jsonl');
  writeFileSync(file, `${good}\n`.repeat(20_000));
  const { exit, summary } = await ingest(['--source', 'tetragon', file]);
  expect({ exit, ...summary }).toMatchObject({
    exit: 0,
    received: 20_000,
    passed: 20_000,
    waiting: 0,
  });
});

test('a secret in a feed is masked before it is stored', async () => {
  const secret = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
  const hook = {
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_use_id: 't',
    tool_input: { command: `curl -H "Authorization: token ${secret}"` },
  };
  const { summary } = await ingest(['--source', 'claude-code', '-'], JSON.stringify(hook));
  const { body } = await awaitRecord(product, summary.sandbox, 'tool.call');
  expect(body.input).not.toContain(secret);
  expect(body.redactions?.length).toBeGreaterThan(0);
});

test('what cannot be done is said with its code', async () => {
  const unknown = await product.command(['ingest', '--source', 'osquery', '-', '--json']);
  expect(unknown).toMatchObject({ exit: 64 });
  expect(unknown.stderr).toContain('falco, tetragon, otlp, claude-code');
  const missing = await product.command(['ingest', '--source', 'falco', '/nowhere']);
  expect(missing).toMatchObject({ exit: 66 });
  const strange = await product.command([
    'ingest',
    '--source',
    'falco',
    '--sandbox',
    'host-me',
    '-',
  ]);
  expect(strange.exit).not.toBe(0);
  expect(recordsOf(product, 'host-me', 'feed.alert')).toEqual([]);
});

test('what was taken in verifies with everything else', async () => {
  const { exit } = await until(
    async () => {
      const verified = await product.verify();
      return verified.exit === 0 && verified;
    },
    { what: 'a verified record', withinMs: 30_000, everyMs: 500 },
  );
  expect(exit).toBe(0);
});
