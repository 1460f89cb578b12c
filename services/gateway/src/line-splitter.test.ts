import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const text = fc.array(fc.constantFrom('a', 'b', '\n'), { maxLength: 60 }).map((c) => c.join(''));

test('lines are the same however the bytes were cut into chunks', () => {
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 9 })), (whole, sizes) => {
      const splitter = new LineSplitter({ sizeBytesMax: 100 });
      const lines: string[] = [];
      const bytes = Buffer.from(whole);
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const end = at + (sizes[turn] ?? bytes.length);
        for (const split of splitter.push(bytes.subarray(at, end))) {
          lines.push('line' in split ? split.line.toString() : 'oversize');
        }
        at = end;
      }
      expect(lines).toEqual(whole.split('\n').slice(0, -1));
    }),
  );
});

test('an oversize line is told once and skipped to its end', () => {
  const splitter = new LineSplitter({ sizeBytesMax: 4 });
  const told = ['abc', 'def', 'ghi\nab', 'cd\nabcde\n'].flatMap((chunk) => [
    ...splitter.push(Buffer.from(chunk)),
  ]);
  expect(told).toEqual([{ oversize: true }, { line: Buffer.from('abcd') }, { oversize: true }]);
});
