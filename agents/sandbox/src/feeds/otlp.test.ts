// The feed `otlp` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, hostileLines, unfit, wordsOf } from '@sandtrail/kit/feed-test';
import { expect, test } from 'vitest';
import { otlpFeed } from './otlp.ts';

const entries = entriesOfFile(otlpFeed, new URL('./fixtures/otlp.jsonl', import.meta.url));

test('every line is records, a loss, or a reason', () => {
  expect(entries.map(wordsOf)).toMatchInlineSnapshot(`
    [
      "tool.call tool.result",
      "model.prompt model.output",
      "unsupported",
      "model.prompt",
      "model.output",
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
    const answers = otlpFeed.read(line, 1n);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.flatMap(unfit)).toEqual([]);
  },
);
