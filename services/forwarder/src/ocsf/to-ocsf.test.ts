import { readFileSync } from 'node:fs';
import { hashOfHex, hexOf } from '@sandtrail/chain/hash';
import { leafOfRow } from '@sandtrail/chain/leaf';
import { nextLink } from '@sandtrail/chain/link';
import { Body } from '@sandtrail/schemas/events';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { safeText } from '../json.ts';
import { readSealedRow } from '../sealed-event.ts';
import { faultsOf } from '../testbed/published-schema.ts';
import { exampleBodies, exampleRows, goldenText } from './golden.ts';
import { toUnreadable } from './to-ocsf.ts';

const cacheHome = process.env['XDG_CACHE_HOME'];
const events = () => goldenText().trimEnd().split('\n');

const Provable = z.looseObject({
  raw_data: z.string(),
  unmapped: z.looseObject({
    record_integrity: z.strictObject({
      chain_uid: z.string(),
      position: z.string(),
      offset: z.string(),
      leaf: z.string(),
      link: z.string(),
      link_before: z.string(),
      header: z.string(),
    }),
  }),
});

test('every kind of event becomes what the golden file says', () => {
  const golden = readFileSync(new URL('./fixtures/golden.ndjson', import.meta.url), 'utf8');
  expect(events()).toEqual(golden.trimEnd().split('\n'));
});

test('every kind of the contract has an example', () => {
  const kinds = exampleBodies().map((text) => Body.parse(JSON.parse(text)).kind);
  const all = Body.options.map(({ shape }) => shape.kind.value);
  expect(all.filter((kind) => !kinds.includes(kind))).toEqual([]);
});

test('the published schema of OCSF 1.8.0 accepts every one of them', async () => {
  expect(await faultsOf(goldenText(), cacheHome)).toEqual([]);
});

test('the published schema refuses what is not OCSF', async () => {
  const [line = ''] = events();
  const without = { ...JSON.parse(line), time: undefined, invented: 1 };
  const faults = await faultsOf(JSON.stringify(without), cacheHome);
  expect(faults.join()).toMatch(/'time' is a required property/);
  expect(faults.join()).toMatch(/'invented' was unexpected/);
});

test('leaf and link can be computed from an OCSF event alone', () => {
  for (const line of events()) {
    const { raw_data: body, unmapped } = Provable.parse(JSON.parse(line));
    const { position, offset, leaf, link, link_before, header } = unmapped.record_integrity;
    const pos = BigInt(position);
    const bytes = { header: Buffer.from(header), body: Buffer.from(body), link: undefined };
    const own = leafOfRow({ pos, offset: BigInt(offset), ...bytes });
    expect(hexOf(own)).toBe(leaf);
    expect(hexOf(nextLink(hashOfHex(link_before), pos, own))).toBe(link);
  }
});

test('nothing that an event says is lost, even without its raw text', () => {
  for (const [index, line] of events().entries()) {
    const { raw_data: raw, ...event } = JSON.parse(line);
    const said = leavesOf(event).map(String);
    const all = leavesOf({ ...JSON.parse(String(raw)), v: undefined, kind: undefined });
    const lost = all.filter((leaf) => !said.some((each) => each.includes(String(leaf))));
    expect({ index, lost }).toEqual({ index, lost: [] });
  }
});

test('hostile text stays data: one line, and nothing that reorders or hides', () => {
  for (const line of events()) {
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
    expect(safeText(JSON.parse(line))).toBe(line);
  }
});

test('a row that is no event is forwarded as what it is, and still fits the schema', async () => {
  const [first] = exampleRows();
  if (first === undefined) throw new Error('there is an example');
  const row = { ...first.row, body: Buffer.from('{"kind":"invented"}') };
  const read = readSealedRow(first.chain, row, first.before);
  if ('body' in read) throw new Error('it is no event');
  const text = safeText(toUnreadable(read.seal, read.headerText, read.bodyText));
  expect(JSON.parse(text)).toMatchObject({ class_uid: 0, raw_data: '{"kind":"invented"}' });
  expect(await faultsOf(text, cacheHome)).toEqual([]);
});

function leavesOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [value];
  return Object.values(value).flatMap(leavesOf);
}
