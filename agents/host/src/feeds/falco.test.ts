// The feed `falco` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, feedConformance, wordsOf } from '@sandtrail/kit/feed-test';
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

feedConformance(falcoFeed, entries);
