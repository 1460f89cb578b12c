// What every feed must withstand, and how its fixtures are read: shared by the tests of all of them.

import { readFileSync } from 'node:fs';
import { Body } from '@sandtrail/schemas/events';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream } from '@sandtrail/schemas/stream';
import { expect, test } from 'vitest';
import type { Feed, FeedEntry } from './feed.ts';

const nowNs = 1_785_000_000_000_000_000n;

const stream = formatStream({
  ...{ collector: 'feed', node: 'node', epoch: 1 },
  ...{ sandbox: SandboxUid.parse('sandbox-1'), incarnation: 0 },
});

/** Registers what every feed must do, with the entries of its fixtures. */
export function feedConformance(feed: Feed, entries: readonly FeedEntry[]): void {
  test('what it observes fits the contract', () => {
    expect(entries.flatMap(unfit)).toEqual([]);
  });

  test.each(hostileLines.map((line, index) => [index, line] as const))(
    'hostile line %i is answered and breaks nothing',
    (_index, line) => {
      const answers = feed.read(line, 1n);
      expect(answers.length).toBeGreaterThan(0);
      expect(answers.flatMap(unfit)).toEqual([]);
    },
  );
}

/** The entries of a fixture's lines. */
export function entriesOfFile(feed: Feed, file: URL): readonly FeedEntry[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => feed.read(line, nowNs));
}

/** In words what an entry is: its kinds, or why it is none. */
export function wordsOf(entry: FeedEntry): string {
  if ('refused' in entry) return entry.refused;
  if ('lost' in entry) return `lost ${entry.lost}`;
  return entry.observations.map(({ kind }) => kind).join(' ');
}

/** Observations of an entry that no gateway would take, with the reason. */
function unfit(entry: FeedEntry): readonly string[] {
  if (!('observations' in entry)) return [];
  return entry.observations.flatMap((observation) => {
    const { error } = Body.safeParse({ ...observation, v: 1, stream, seq: '0' });
    // Text over its bound is cut by the kit.
    const issue = error?.issues.find(({ code }) => code !== 'too_big');
    return issue === undefined ? [] : [`${observation.kind}: ${issue.path}: ${issue.message}`];
  });
}

/** Lines that are no events, or lie: each must come back as entries, never as an exception. */
const hostileLines: readonly string[] = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '12345678901234567890',
  '{}',
  `${'['.repeat(50_000)}`,
  `{"a":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}`,
  '{"__proto__":{"rule":"x"},"constructor":1}',
  '{"time":"9999999999999999-01-01T00:00:00Z","rule":"r","priority":"p","output_fields":null}',
  '{"time":"x","rule":"\\u0000\\u001b[31m","priority":"p","output":"\\ud800","output_fields":{"evt.type":"execve","proc.pid":-1,"proc.exepath":"/a","proc.cmdline":"  "}}',
  '{"rule":"r","priority":"p","time":"","output_fields":{"evt.type":"connect","fd.sip":"1.2.3.4","fd.sport":70000}}',
  '{"process_exec":{"process":{"pid":99999999999}}}',
  '{"process_exec":{"process":{"pid":1,"binary":"/a","arguments":"\\"unclosed"}}}',
  '{"process_kprobe":{"process":{"pid":1},"function_name":"\\u0000/../","args":[{"x":{"y":[1,2,{}]}}]}}',
  '{"rate_limit_info":{"number_of_dropped_process_events":"-1"}}',
  '{"resourceSpans":[{"scopeSpans":[{"spans":[null,5,{"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}}]}]}]}]}',
  '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":-5},{"timeUnixNano":"99999999999999999999999"}]}]}]}',
  '{"resourceLogs":{"length":5}}',
  '{"hook_event_name":"PreToolUse"}',
  '{"hook_event_name":"PreToolUse","tool_name":"x","tool_input":"\\ud800","tool_use_id":"\\ud800"}',
];
