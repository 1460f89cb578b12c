// The feed `claude-code` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, feedConformance, wordsOf } from '@sandtrail/kit/feed-test';
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

feedConformance(claudeCodeFeed, entries);
