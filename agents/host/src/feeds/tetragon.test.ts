// The feed `tetragon` on fixtures in its published form, and on lines that are none.
import { entriesOfFile, feedConformance, wordsOf } from '@sandtrail/kit/feed-test';
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

feedConformance(tetragonFeed, entries);
