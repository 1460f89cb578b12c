// The feed `otlp` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, feedConformance, wordsOf } from '@sandtrail/kit/feed-test';
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

feedConformance(otlpFeed, entries);
