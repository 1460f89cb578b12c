// Whether a row that comes from the log is one that the feed's filter wants.
import type { EventFilter } from '../contract/event-query.ts';
import type { LogRow } from './log-rows.ts';

type Wanted = Omit<EventFilter, 'sinceNs' | 'untilNs' | 'seq'>;

/** The same answer as the store gives to the same filter. */
export function isWanted({ row, body }: LogRow, filter: Wanted): boolean {
  if (row === undefined) return false;
  const { sandbox, incarnation, families, kinds, severities, trusts, text, pid, startNs, stream } =
    filter;
  const severity = row.finding?.severity;
  return (
    is(sandbox, row.sandbox) &&
    is(incarnation, row.incarnation) &&
    is(stream, row.stream) &&
    is(pid, row.process?.pid) &&
    is(startNs, row.process?.startNs) &&
    (families === undefined || families.includes(row.family)) &&
    (kinds === undefined || kinds.some((kind) => isKind(row.kind, kind))) &&
    (severities === undefined || (severity !== undefined && severities.includes(severity))) &&
    (trusts === undefined || trusts.includes(row.trust)) &&
    (text === undefined || body.includes(text))
  );
}

function is<T>(wanted: T | undefined, value: T | undefined): boolean {
  return wanted === undefined || wanted === value;
}

/** `network.` is the whole group and the bare word. */
function isKind(kind: string, wanted: string): boolean {
  return wanted.endsWith('.') ? `${kind}.`.startsWith(wanted) : kind === wanted;
}
