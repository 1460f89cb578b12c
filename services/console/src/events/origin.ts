// How an event came about: from it back to what caused it, as far as records of its sandbox show.
import type { Parameter } from '@sandtrail/store/connection';
import type * as z from 'zod';
import type { OriginStep } from '../contract/event-detail.ts';
import type { EventRow } from '../contract/event-row.ts';
import type { Books } from '../ledger/ledger.ts';
import { type EventReading, listed, rowsSql, StoredRow } from './event-page.ts';

type Step = z.input<typeof OriginStep>;

interface OriginReading extends EventReading {
  readonly books: Pick<Books, 'alerts' | 'containment'>;
}

const stepsMax = 32;

/** First cause first, the event itself last; a cause is never looked for in another sandbox. */
export async function originOf(row: EventRow, reading: OriginReading) {
  const steps: Step[] = [{ why: 'did', row }];
  const seen = new Set([nameOf(row)]);
  for (let at = row; steps.length < stepsMax; ) {
    const step = await causeOf(at, reading);
    if (step === undefined || seen.has(nameOf(step.row)))
      return { origin: steps.toReversed(), originOmitted: false };
    seen.add(nameOf(step.row));
    steps.push(step);
    at = step.row;
  }
  return { origin: steps.toReversed(), originOmitted: true };
}

function nameOf({ chain, pos }: EventRow): string {
  return `${chain} ${pos}`;
}

/** The nearest cause: what is on record comes before what somebody claims. */
async function causeOf(row: EventRow, reading: OriginReading): Promise<Step | undefined> {
  if (row.containment !== null) return answered(row, reading);
  if (row.finding !== null) {
    const [first] = row.finding.evidence;
    return first === undefined ? undefined : named('showed', { row, ...first }, reading);
  }
  if (row.process !== null) {
    const found = await byProcess(row, reading);
    if (found !== undefined) return found;
  }
  if (row.cause !== null) return named('claimed', { row, ...row.cause }, reading);
  if (row.toolCall !== null && row.kind !== 'tool.call')
    return before(
      'called',
      row,
      reading,
      "kind = 'tool.call' AND position(body, {call:String}) > 0",
      {
        call: JSON.stringify(row.toolCall),
      },
    );
  if (row.family === 'agent' && row.kind !== 'model.prompt')
    return before('prompted', row, reading, "kind IN ('model.prompt', 'model.output')", {});
  return undefined;
}

/** A process by what it last executed; what it executed, by the one that started it. */
async function byProcess(row: EventRow, reading: OriginReading): Promise<Step | undefined> {
  const { process } = row;
  if (process === null) return undefined;
  const ofPid = "kind = 'process.exec' AND pid = {pid:UInt32}";
  if (row.kind !== 'process.exec') {
    const { pid, startNs } = process;
    const start = "JSONExtractString(body, 'process', 'startNs') = {start:String}";
    return before('executed', row, reading, `${ofPid} AND ${start}`, { pid, start: startNs });
  }
  if (process.ppid === null || process.ppid === process.pid) return undefined;
  return before('forked', row, reading, ofPid, { pid: process.ppid });
}

/** The finding that a request answers, if it answers one. */
async function answered({ containment, ...row }: EventRow, reading: OriginReading) {
  const { books, queries, signal } = reading;
  const incident =
    containment?.incident ??
    books.containment.of(containment?.requestId ?? '')?.request.incident ??
    '';
  const alert = books.alerts.of(incident.replace(/^finding:/, ''));
  if (alert === undefined || alert.finding.sandbox !== row.sandbox) return undefined;
  const { chain, pos } = alert.at;
  const found = await queries.row({
    sql: rowsSql('chain = unhex({chain:String}) AND pos = {pos:UInt64}', 'DESC'),
    params: { chain, pos, limit: 1 },
    row: StoredRow,
    signal,
  });
  const finding = found === undefined ? undefined : listed(found);
  return finding === undefined ? undefined : ({ why: 'answered', row: finding } as const);
}

interface Named {
  readonly row: EventRow;
  readonly stream: string;
  readonly seq: string;
}

function named(why: Step['why'], { row, stream, seq }: Named, reading: EventReading) {
  return newest(why, row, reading, 'stream = {stream:String} AND seq = {seq:UInt64}', {
    stream,
    seq,
  });
}

function before(
  why: Step['why'],
  row: EventRow,
  reading: EventReading,
  condition: string,
  params: Readonly<Record<string, Parameter>>,
) {
  const earlier = `${condition} AND time <= fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND NOT (chain = unhex({chain:String}) AND pos >= {pos:UInt64})`;
  const { chain, pos, timeNs: until } = row;
  return newest(why, row, reading, earlier, { ...params, until, chain, pos });
}

async function newest(
  why: Step['why'],
  { sandbox, incarnation }: EventRow,
  { queries, signal }: EventReading,
  condition: string,
  params: Readonly<Record<string, Parameter>>,
): Promise<Step | undefined> {
  const own = 'sandbox = {own:String} AND incarnation = {life:UInt32}';
  const found = await queries.row({
    sql: rowsSql(`${own} AND ${condition}`, 'DESC'),
    params: { ...params, own: sandbox, life: incarnation, limit: 1 },
    row: StoredRow,
    signal,
  });
  const row = found === undefined ? undefined : listed(found);
  return row === undefined ? undefined : { why, row };
}
