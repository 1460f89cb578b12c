import { Header } from '@sandtrail/schemas/header';
import { partitionCount } from '@sandtrail/schemas/topics';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { detectLines } from './detect-lines.ts';
import { exampleRecords } from './example.ts';
import { telemetryGapExamples } from './examples/telemetry-gap.ts';
import { partitionOf } from './partition.ts';

const unwatched = telemetryGapExamples.hit.filter(({ what }) => what.includes('nobody watches'));
const records = unwatched.flatMap((example) => exampleRecords(example));
const partitions = partitionCount.events;
const own = partitionOf(records[0]?.header.sandbox ?? '', { partitions });

/** The findings when each tick of the example comes from the given partitions, one after the other. */
function foundWith(ticked: readonly number[]) {
  const judge = detectLines();
  const lines = records.flatMap(({ header, body, bodyText }) => {
    const line = { ...z.encode(Header, header), ...JSON.parse(bodyText) };
    if (body.kind !== 'control.tick') return [line];
    return ticked.map((at) => ({ ...line, stream: `tick-${at}:vm:1:control-log:0` }));
  });
  const findings = lines.flatMap((line) => {
    const outcome = judge.line(JSON.stringify(line));
    return outcome.type === 'findings' ? outcome.findings : [];
  });
  return { findings, counts: judge.counts(), lines: lines.length };
}

test('a tick decides for the sandboxes of its own partition alone', () => {
  const other = (own + 1) % partitions;
  expect(foundWith([other]).findings).toEqual([]);
  const { findings, counts, lines } = foundWith([other, own]);
  expect(findings).toMatchObject([{ detector: 'telemetry-gap', title: 'Sandbox unwatched' }]);
  expect(findings[0]?.evidence[0]?.stream).toBe(`tick-${own}:vm:1:control-log:0`);
  expect(counts).toMatchObject({ lines, events: lines, findings: 1, repeated: 0 });
});
