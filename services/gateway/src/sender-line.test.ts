import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSenderLine } from './sender-line.ts';

const context = { uid: 'sbx-alpha01', receivedAtNs: 1_790_000_000_000_000_000n };
const call = { n: 3, kind: 'tool.call', tool: 'bash', callId: 'c', input: 'ls' };
const read = (value: unknown) => readSenderLine(Buffer.from(JSON.stringify(value)), context);

describe('a line from inside a sandbox', () => {
  test('is an observation at the time when it came, unless it says when', () => {
    const { n, ...observation } = call;
    const observedAtNs = '1790000000000000000';
    expect(read(call)).toEqual({ ok: true, n, observation: { ...observation, observedAtNs } });
    expect(read({ ...call, observedAtNs: '5' })).toMatchObject({
      observation: { observedAtNs: '5' },
    });
  });

  test('may hold more text than a record: the kit cuts it and keeps its hash', () => {
    const input = 'x'.repeat(100_000);
    expect(read({ ...call, input })).toMatchObject({ ok: true, observation: { input } });
  });

  test('gives nobody the kit’s or the gateway’s fields', () => {
    for (const field of ['stream', 'seq', 'v', 'redactions', 'trust', 'tenant', '__proto__x']) {
      expect(read({ ...call, [field]: 1 })).toMatchObject({ code: 'BODY_INVALID' });
    }
  });

  test('is refused with a code whatever it holds, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(readSenderLine(Buffer.from(bytes), context).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
        const result = read({ ...fields, n: 1, kind: 'command' });
        if (!result.ok) expect(result.code).toMatch(/^[A-Z_]+$/);
      }),
    );
  });
});
