import type { Body } from '@sandtrail/schemas/events';
import { FindingEvent } from '@sandtrail/schemas/events/finding';
import { Header } from '@sandtrail/schemas/header';
import { expect, test } from 'vitest';
import { AlertQuery } from '../contract/alerts.ts';
import { alertPage } from '../views/alert-page.ts';
import { AlertBook } from './alert-book.ts';
import type { LogEntry } from './log-fold.ts';

let pos = 0;

function entryOf(body: Body): LogEntry {
  pos += 1;
  const header = Header.parse({
    ...{ tenant: 'local', sandbox: 'sandbox-1', incarnation: 0, trust: 'host', credential: 'c' },
    ...{ receivedAtNs: `${pos}`, timeNs: `${pos}`, admission: 'live' },
  });
  return { at: { chain: 'ab'.repeat(32), pos: `${pos}` }, header, body };
}

const common = { v: 1, stream: 'detector:n:1:sandbox-1:0', seq: '0', observedAtNs: '1' };
const idOf = (digit: string) => digit.repeat(64);

function found(digit: string, severity: string, timeNs: string): LogEntry {
  const finding = {
    ...{ v: 1, id: idOf(digit), detector: 'egress-policy', bundle: idOf('0'), tenant: 'local' },
    ...{ sandbox: 'sandbox-1', incarnation: 0, timeNs, title: 't', explanation: `e ${digit}` },
    ...{ severity, confidence: 'high', techniques: [], dedupeKey: digit, witnessed: true },
    evidence: [{ stream: common.stream, seq: '1', bodyHash: idOf('1'), trust: 'kernel' }],
    recommend: { act: 'none' },
  };
  return entryOf(FindingEvent.parse({ kind: 'finding', ...common, finding }));
}

type Act = Extract<Body, { kind: 'control.alert' }>;

function acted(act: Act['act'], digits: string, more: Partial<Act> = {}): LogEntry {
  const { kind, v, stream, seq, observedAtNs } = found('f', 'low', '1').body;
  if (kind !== 'finding') throw new Error('it is a finding');
  const findings = [...digits].map(idOf);
  const said = { actor: 'ana', reason: '', act, findings, ...more };
  return entryOf({ kind: 'control.alert', v, stream, seq, observedAtNs, ...said });
}

test('acts are folded in their order, and who takes an alert up has it', () => {
  const book = new AlertBook();
  for (const entry of [
    found('a', 'high', '1'),
    acted('acknowledge', 'a'),
    acted('assign', 'a', { owner: 'ben' }),
    acted('close', 'a', { actor: 'ben', verdict: 'benign', reason: 'a test' }),
  ])
    book.take(entry);
  expect(book.of(idOf('a'))).toMatchObject({ state: 'closed', owner: 'ben', verdict: 'benign' });
  book.take(acted('reopen', 'a', { reason: 'it came again' }));
  expect(book.of(idOf('a'))).toMatchObject({ state: 'open', owner: 'ben', verdict: null });
  expect(book.of(idOf('a'))?.steps).toHaveLength(4);
});

test('an act that is read before its finding counts, and a finding that comes twice is one', () => {
  const book = new AlertBook();
  book.take(acted('acknowledge', 'ab'));
  book.take(found('a', 'high', '1'));
  book.take(found('a', 'high', '1'));
  expect(book.all).toHaveLength(1);
  expect(book.of(idOf('a'))).toMatchObject({ state: 'acknowledged', owner: 'ana' });
});

test('the queue puts the worst first, then what waits longest, page by page', () => {
  const book = new AlertBook();
  for (const [digit, severity, timeNs] of [
    ['a', 'high', '5'],
    ['b', 'critical', '9'],
    ['c', 'high', '2'],
    ['d', 'low', '1'],
  ] as const)
    book.take(found(digit, severity, timeNs));
  book.take(acted('close', 'd', { verdict: 'benign', reason: 'x' }));
  const ask = (query: object) => alertPage(book.all, AlertQuery.parse(query));
  const first = ask({ limit: '2' });
  expect(first.page.map(({ finding }) => finding.id[0])).toEqual(['b', 'c']);
  expect(first).toMatchObject({ total: 4, byState: { open: 3, closed: 1, acknowledged: 0 } });
  expect(first.bySeverity).toEqual({ critical: 1, high: 2 });
  const next = ask({ limit: '2', after: first.after ?? '' });
  expect(next.page.map(({ finding }) => finding.id[0])).toEqual(['a', 'd']);
  expect(next.after).toBeNull();
  expect(ask({ states: 'closed' }).page).toHaveLength(1);
  expect(ask({ owner: '-' }).total).toBe(4);
  expect(() => ask({ after: idOf('9') })).toThrow('does not fit the contract');
});
