import { Body } from '@sandtrail/schemas/events';
import { expect, test } from 'vitest';
import { isWanted } from './event-filter.ts';
import { exampleBodies, exampleRows } from './ocsf/golden.ts';
import { severityOf } from './ocsf/severity.ts';
import { readSealedRow } from './sealed-event.ts';

const bodies = exampleRows().flatMap(({ chain, row, before }) => {
  const read = readSealedRow(chain, row, before);
  return 'body' in read ? [{ kind: read.body.kind, severity: severityOf(read.body) }] : [];
});

function kindsOf(wanted: Parameters<typeof isWanted>[1]): readonly string[] {
  return [...new Set(bodies.filter((body) => isWanted(body, wanted)).map(({ kind }) => kind))];
}

test('without a wish every kind goes out', () => {
  const all = exampleBodies().map((text) => Body.parse(JSON.parse(text)).kind);
  expect(kindsOf({ severityMin: 'info' })).toEqual([...new Set(all)]);
});

test('a kind is named alone or as a family, and may be excepted again', () => {
  const kinds = ['finding', 'containment.'];
  expect(kindsOf({ kinds, severityMin: 'info' })).toHaveLength(9);
  const exceptKinds = ['containment.requested'];
  expect(kindsOf({ kinds, exceptKinds, severityMin: 'info' })).toHaveLength(8);
  expect(kindsOf({ kinds: ['network'], severityMin: 'info' })).toEqual([]);
});

test('with a severity only findings and acts of that weight go out', () => {
  expect(kindsOf({ severityMin: 'critical' })).toEqual([
    'containment.failed',
    'control.verification',
  ]);
  expect(kindsOf({ severityMin: 'high' })).toContain('finding');
});
