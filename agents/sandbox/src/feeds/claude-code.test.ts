// The feed `claude-code` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, hostileLines, unfit, wordsOf } from '@sandtrail/kit/feed-test';
import { expect, test } from 'vitest';
import { claudeCodeFeed } from './claude-code.ts';

const entries = entriesOfFile(
  claudeCodeFeed,
  new URL('./fixtures/claude-code.jsonl', import.meta.url),
);

test('every line is records, a loss, or a reason', () => {
  expect(entries.map(wordsOf)).toMatchInlineSnapshot(`
    [
      "model.prompt",
      "tool.call",
      "tool.result",
      "tool.call",
      "tool.result",
      "unsupported",
      "tool.call tool.result",
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
    const answers = claudeCodeFeed.read(line, 1n);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.flatMap(unfit)).toEqual([]);
  },
);
