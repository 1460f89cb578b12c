import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText } from './json.ts';
import type { Message } from './output.ts';
import { paramValue, syslogFrame } from './syslog-message.ts';

const message: Message = {
  ...{ uid: 'ab:7', chain: 'ab', pos: 7n, kind: 'finding', sandbox: 'sandbox-1' },
  ...{ severity: 'high', timeMs: Date.parse('2026-01-02T03:04:05.678Z'), text: '{"a":"b"}' },
};
const sender = { node: 'node 1', facility: 13 };

test('the golden frame: length, priority, header, structured data, text', () => {
  const text =
    '<107>1 2026-01-02T03:04:05.678Z node1 sandtrail - finding [sandtrail@32473 uid="ab:7" ' +
    'chain="ab" pos="7" sandbox="sandbox-1" severity="high"] {"a":"b"}';
  expect(syslogFrame(message, sender).toString()).toBe(`${text.length} ${text}`);
});

test('the length counts bytes, and a frame is one line of printable ASCII, whatever it says', () => {
  const value = fc.record({ text: fc.string({ unit: 'binary' }), sandbox: fc.string() });
  fc.assert(
    fc.property(value, ({ text, sandbox }) => {
      const hostile = { ...message, sandbox, text: safeText({ text }) };
      const frame = syslogFrame(hostile, sender).toString('latin1');
      const length = frame.slice(0, frame.indexOf(' '));
      expect(Number(length)).toBe(frame.length - length.length - 1);
      expect(frame).not.toMatch(/[\u0000-\u001f\u007f]/);
      expect(JSON.parse(hostile.text)).toEqual({ text: text.toWellFormed() });
    }),
    { examples: [[{ text: 'a\n<13>1 forged\u0000\u202e |=\\"]', sandbox: '"] [evil x="' }]] },
  );
});

test('a value of structured data cannot end early', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(paramValue(value).replaceAll(/\\["\\\]]/g, '')).not.toMatch(/["\]\\\n]/);
    }),
  );
});
