import { expect, test } from 'vitest';
import { safeText } from './json.ts';
import { exampleRows } from './ocsf/golden.ts';
import { toOcsf } from './ocsf/to-ocsf.ts';
import { redact } from './redact.ts';
import { readSealedRow } from './sealed-event.ts';
import { faultsOf } from './testbed/published-schema.ts';

const events = exampleRows().flatMap(({ chain, row, before }) => {
  const read = readSealedRow(chain, row, before);
  return 'body' in read ? [toOcsf(read)] : [];
});

test('without names nothing changes', () => {
  for (const event of events) expect(redact(event, [])).toBe(event);
});

test('named attributes are masked at any depth, and what tells them again goes too', () => {
  const event = {
    ...{ message: 'said again', raw_data: 'said again', process: { cmd_line: 'x', pid: 4 } },
    unmapped: {
      deep: [{ cmd_line: ['a', 'b'], kept: 1 }],
      record_integrity: { cmd_line: 'proof' },
    },
  };
  expect(redact(event, ['cmd_line'])).toEqual({
    ...{ message: 'REDACTED', process: { cmd_line: 'REDACTED', pid: 4 } },
    unmapped: {
      deep: [{ cmd_line: ['REDACTED', 'REDACTED'], kept: 1 }],
      record_integrity: { cmd_line: 'proof' },
    },
  });
});

test('a redacted event still fits the published schema', async () => {
  const names = ['cmd_line', 'process', 'file', 'api', 'finding_info', 'unmapped', 'dst_endpoint'];
  const texts = events.map((event) => safeText(redact(event, names)));
  const faults = await faultsOf(texts.join('\n'), process.env['XDG_CACHE_HOME']);
  // An address has its own form, which a mask does not have.
  expect(faults.filter((fault) => !fault.includes('dst_endpoint.ip'))).toEqual([]);
  for (const text of texts) expect(JSON.parse(text).unmapped.record_integrity.header).toBeDefined();
});
