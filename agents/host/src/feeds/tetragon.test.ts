// The feed `tetragon` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, hostileLines, unfit, wordsOf } from '@sandtrail/kit/feed-test';
import { expect, test } from 'vitest';
import { tetragonFeed } from './tetragon.ts';

const entries = entriesOfFile(tetragonFeed, new URL('./fixtures/tetragon.jsonl', import.meta.url));

test('every line is records, a loss, or a reason', () => {
  expect(entries.map(wordsOf)).toMatchInlineSnapshot(`
    [
      "process.exec",
      "network.connect",
      "syscall",
      "process.exit",
      "process.exit",
      "lost 42",
      "unsupported",
    ]
  `);
});

test('what it observes fits the contract', () => {
  expect(entries.flatMap(unfit)).toEqual([]);
});

test.each(hostileLines.map((line, index) => [index, line] as const))(
  'hostile line %i is answered and breaks nothing',
  (_index, line) => {
    const answers = tetragonFeed.read(line, 1n);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.flatMap(unfit)).toEqual([]);
  },
);
