import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fit } from './fit.ts';
import { safeText } from './json.ts';
import { exampleBodies, exampleRows } from './ocsf/golden.ts';
import { toOcsf } from './ocsf/to-ocsf.ts';
import { readSealedRow } from './sealed-event.ts';
import { faultsOf } from './testbed/published-schema.ts';

const [first] = exampleRows();
const call = exampleBodies().find((body) => body.includes('"kind":"tool.call"')) ?? '';

function eventWith(input: string) {
  if (first === undefined) throw new Error('there is an example');
  const body = Buffer.from(JSON.stringify({ ...JSON.parse(call), input }));
  const read = readSealedRow(first.chain, { ...first.row, body }, first.before);
  if (!('body' in read)) throw new Error('it is an event');
  return { event: toOcsf(read), body };
}

test('an event within the bound stays as it is', () => {
  const { event } = eventWith('ls');
  expect(fit(event, 65_536)).toBe(safeText(event));
});

test('an oversize event is cut, with the hash of its raw text, and still fits the schema', async () => {
  const { event, body } = eventWith('€'.repeat(60_000));
  const text = fit(event, 8192);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
  const { metadata, raw_data_hash: hash, raw_data_size: size, unmapped } = JSON.parse(text);
  expect(metadata).toMatchObject({ is_truncated: true });
  expect(hash.value).toBe(createHash('sha256').update(body).digest('hex'));
  expect(size).toBe(body.length);
  expect(unmapped.record_integrity.link).toMatch(/^[0-9a-f]{64}$/);
  expect(await faultsOf(text, process.env['XDG_CACHE_HOME'])).toEqual([]);
});

test('whatever an event holds, its text fits and is JSON', () => {
  const { event } = eventWith('');
  const wild = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 30 });
  fc.assert(
    fc.property(wild, fc.string({ unit: 'binary', maxLength: 40_000 }), (own, text) => {
      const filled = { ...event, enrichments: [JSON.parse(JSON.stringify(own))], message: text };
      const cut = fit(filled, 8192);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(8192);
      expect(JSON.parse(cut).metadata.uid).toBe(JSON.parse(safeText(event)).metadata.uid);
    }),
    { numRuns: 20 },
  );
});
