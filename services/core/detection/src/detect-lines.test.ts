import { Header } from '@sandtrail/schemas/header';
import { Policy } from '@sandtrail/schemas/policy';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { detectLines } from './detect-lines.ts';
import { exampleRecords } from './example.ts';
import { driftExecutionExamples } from './examples/drift-execution.ts';
import { writeFinding } from './sandbox-watch.ts';

const socket = '{"kind":"network.connect","family":"unix","address":"/var/run/docker.sock"}';

function found(lines: readonly string[], options: Parameters<typeof detectLines>[0] = {}) {
  const detection = detectLines(options);
  const outcomes = lines.map((line) => detection.line(line));
  const findings = outcomes.flatMap((each) => (each.type === 'findings' ? each.findings : []));
  const malformed = outcomes.flatMap((each) => (each.type === 'malformed' ? [each] : []));
  return { findings, malformed, counts: detection.counts() };
}

describe('detectLines', () => {
  test('judges a whole line as a query prints it, place fields included', () => {
    const lines = driftExecutionExamples.hit
      .slice(0, 1)
      .flatMap((example) => exampleRecords(example))
      .map((record, at) =>
        JSON.stringify({
          chain: 'ab'.repeat(32),
          pos: `${at}`,
          ...z.encode(Header, record.header),
          ...JSON.parse(record.bodyText),
        }),
      );
    const { findings, malformed } = found(lines);
    expect(malformed).toEqual([]);
    expect(findings.map(({ detector }) => detector)).toEqual(['drift-execution']);
  });

  test('judges a bare body, as a host would have sent it', () => {
    const { findings } = found([socket]);
    expect(findings).toMatchObject([
      { detector: 'escape-primitive', sandbox: 'unknown-sandbox', witnessed: true },
    ]);
  });

  test('believes a bare body less where a sandbox could have sent it', () => {
    const redaction = {
      field: 'input',
      rule: 'x',
      class: 'canary',
      start: 0,
      length: 9,
      masked: 'x…',
    };
    const call = {
      kind: 'tool.call',
      tool: 't',
      callId: '1',
      input: '[x]',
      redactions: [redaction],
    };
    const { findings } = found([JSON.stringify(call)]);
    expect(findings).toMatchObject([{ witnessed: false, recommend: { act: 'approve' } }]);
  });

  test('takes a policy beside an event, and one from outside', () => {
    const config = {
      isolation: 'none',
      network: { mode: 'none' },
      filesystem: { workspace: '/w', host_mounts: ['/var/run/docker.sock'] },
      resources: { cpu_limit: '1', memory_limit: '1Gi', timeout_seconds: 1 },
    };
    const withPolicy = JSON.stringify({ ...JSON.parse(socket), policy: config });
    expect(found([withPolicy]).findings).toEqual([]);
    expect(found([socket], { policy: Policy.parse(config) }).findings).toEqual([]);
    expect(
      found([JSON.stringify({ ...JSON.parse(socket), policy: { isolation: 1 } })]).malformed,
    ).toHaveLength(1);
  });

  test('says which lines are malformed and goes on', () => {
    const lines = ['', '{', '[]', '{"kind":"nonsense"}', '{"kind":"control.tick","x":1}', socket];
    const { findings, malformed, counts } = found([...lines, `"${'x'.repeat(5_000_000)}"`]);
    expect(malformed.map(({ line }) => line)).toEqual([2, 3, 4, 5, 7]);
    expect(findings).toHaveLength(1);
    expect(counts).toMatchObject({ lines: 7, malformed: 5, events: 1, findings: 1 });
  });

  test('gives the same bytes each time', () => {
    const lines = Array.from({ length: 20 }, () => socket);
    const text = () => found(lines).findings.map(writeFinding).join('\n');
    expect(text()).toBe(text());
    expect(found(lines).findings).toHaveLength(1);
  });
});
