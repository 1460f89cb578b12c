// The feed `falco` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, hostileLines, unfit, wordsOf } from '@sandtrail/kit/feed-test';
import { expect, test } from 'vitest';
import { falcoFeed } from './falco.ts';

const entries = entriesOfFile(falcoFeed, new URL('./fixtures/falco.jsonl', import.meta.url));

test('every line is records, a loss, or a reason', () => {
  expect(entries.map(wordsOf)).toMatchInlineSnapshot(`
    [
      "feed.alert file.open",
      "feed.alert process.exec",
      "feed.alert network.connect",
      "lost 17",
      "no_event",
    ]
  `);
});

test('what it observes fits the contract', () => {
  expect(entries.flatMap(unfit)).toEqual([]);
});

test.each(hostileLines.map((line, index) => [index, line] as const))(
  'hostile line %i is answered and breaks nothing',
  (_index, line) => {
    const answers = falcoFeed.read(line, 1n);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.flatMap(unfit)).toEqual([]);
  },
);
