// Order by cause: what hangs under what, what folds hide, and what claims cannot do to it.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { familyOf } from '@sandtrail/console/contract/family';
import { expect, test } from 'vitest';
import { causeTree } from './cause-tree.ts';
import { nodesByTime, rowsByCause } from './visible-rows.ts';

function row(pos: number, kind: string, more: Partial<EventRow> = {}): EventRow {
  return {
    ...{ chain: 'ab'.repeat(32), pos: `${pos}`, topic: 'events', timeNs: `${1_000_000 + pos}` },
    ...{ tenant: 'acme', sandbox: 'sbx', incarnation: 0, kind, family: familyOf(kind) },
    ...{ trust: 'kernel', stream: 's', seq: `${pos}`, summary: `${kind} ${pos}`, isCut: false },
    ...{ isDenied: false, errno: null, bytes: null, finding: null, containment: null },
    ...{ process: null, child: null, toolCall: null, cause: null, redactions: 0 },
    ...more,
  };
}

const process = (pid: number, ppid: number) => ({
  process: { pid, startNs: `${pid}`, ppid, uid: 0, exe: null },
});
const finding = (on: number) => ({
  id: 'f1',
  detector: 'escape-primitive',
  severity: 'critical' as const,
  title: 'x',
  evidence: [{ stream: 's', seq: `${on}` }],
});
const everything = { turned: new Set<string>(), matches: () => true, isFiltered: false };

test('a file hangs under the program that opened it, a program under its parent', () => {
  const roots = causeTree([
    row(0, 'process.exec', process(1, 0)),
    row(1, 'process.fork', { ...process(1, 0), child: { pid: 2, startNs: '2' } }),
    row(2, 'process.exec', process(2, 1)),
    row(3, 'file.open', process(2, 1)),
  ]);
  const lines = rowsByCause(roots, everything);
  expect(lines.map(({ row: { kind }, depth }) => `${depth} ${kind}`)).toEqual([
    '0 process.exec',
    '1 process.fork',
    '2 process.exec',
    '3 file.open',
  ]);
});

test('a program that could not be executed is nobody’s cause', () => {
  const failed = row(0, 'process.exec', { ...process(1, 0), errno: 2 });
  expect(causeTree([failed, row(1, 'file.open', process(1, 0))])).toHaveLength(2);
});

test('a finding stands on its evidence, and containment under it, with the clock told', () => {
  const containment = { requestId: 'r', level: 'L2', state: null, incident: 'finding:f1' };
  const roots = causeTree([
    row(0, 'file.open'),
    row(1, 'finding', { finding: finding(0), stream: 'd' }),
    row(2, 'containment.requested', { containment }),
    row(3, 'containment.verified', { containment }),
  ]);
  const lines = rowsByCause(roots, everything);
  expect(lines.map((line) => [line.row.kind, line.depth, line.findings.length])).toEqual([
    ['file.open', 0, 1],
    ['containment.requested', 1, 0],
    ['containment.verified', 2, 0],
  ]);
});

test('a fold tells how much it hides and the worst finding in it', () => {
  const files = Array.from({ length: 30 }, (_, at) => row(at + 1, 'file.open', process(1, 0)));
  const first = row(0, 'process.exec', process(1, 0));
  const found = row(99, 'finding', { finding: finding(5), stream: 'd' });
  const roots = causeTree([first, ...files, found]);
  const [open] = rowsByCause(roots, everything);
  expect(open?.branch).toBe('open');
  const turned = new Set([open?.key ?? '']);
  const [folded, ...rest] = rowsByCause(roots, { ...everything, turned });
  expect(rest).toEqual([]);
  expect(folded?.inside).toEqual({ events: 30, byFamily: { file: 30 }, worst: 'critical' });
});

test('like events run together with their number, and a press takes them apart', () => {
  const rows = [1, 2, 3].map((at) => row(at, 'network.denied', { summary: 'paste.example:443' }));
  const roots = causeTree(rows);
  expect(rowsByCause(roots, everything).map(({ times }) => times)).toEqual([3]);
});

test('claimed causes in a circle lose no event', () => {
  const rows = [
    row(0, 'tool.call', { cause: { stream: 's', seq: '1' } }),
    row(1, 'tool.call', { cause: { stream: 's', seq: '0' } }),
    row(2, 'tool.call', { cause: { stream: 's', seq: '2' } }),
  ];
  expect(nodesByTime(causeTree(rows))).toHaveLength(3);
});
