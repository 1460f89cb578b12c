// A filter of the API as conditions over the sealed rows: values are bound, never written into SQL.
import type { Parameter } from '@sandtrail/store/connection';
import type { EventFilter } from '../contract/event-query.ts';
import { rootsOf } from '../contract/family.ts';

/** A condition, and what is bound to its names. */
export interface Where {
  readonly sql: string;
  readonly params: Readonly<Record<string, Parameter>>;
}

/** True for every row that the filter wants. */
export function whereOf(filter: EventFilter): Where {
  const conditions: string[] = [];
  const params: Record<string, Parameter> = {};
  const want = (name: string, value: Parameter | undefined, condition: string) => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = value;
  };
  const wantOne = (name: string, values: readonly string[] | undefined, column: string) => {
    if (values === undefined) return;
    const names = values.map((value, index) => {
      params[`${name}${index}`] = value;
      return `{${name}${index}:String}`;
    });
    conditions.push(`${column} IN (${names.join(', ')})`);
  };
  want('sandbox', filter.sandbox, 'sandbox = {sandbox:String}');
  want('incarnation', filter.incarnation, 'incarnation = {incarnation:UInt32}');
  want('since', filter.sinceNs, "time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')");
  want('until', filter.untilNs, "time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')");
  want('text', filter.text, 'position(body, {text:String}) > 0');
  want('pid', filter.pid, 'pid = {pid:UInt32}');
  const startNs = "JSONExtractString(body, 'process', 'startNs')";
  want('startNs', filter.startNs, `${startNs} = {startNs:String}`);
  want('stream', filter.stream, 'stream = {stream:String}');
  want('seq', filter.seq, 'seq = {seq:UInt64}');
  wantOne('severity', filter.severities, 'severity');
  wantOne('trust', filter.trusts, 'trust');
  const kinds = [...(filter.families ?? []).flatMap(rootsOf).map((root) => `${root}.`)];
  if (filter.families !== undefined) conditions.push(anyKind('family', kinds, params));
  if (filter.kinds !== undefined) conditions.push(anyKind('kind', filter.kinds, params));
  return { sql: ['1', ...conditions].join(' AND '), params };
}

/** `network.` is the whole family and the bare word `network`; `network.dns` is the kind. */
function anyKind(name: string, kinds: readonly string[], params: Record<string, Parameter>) {
  const each = kinds.map((kind, index) => {
    const bound = `${name}${index}`;
    params[bound] = kind;
    if (!kind.endsWith('.')) return `kind = {${bound}:String}`;
    return `startsWith(concat(kind, '.'), {${bound}:String})`;
  });
  return `(${each.join(' OR ')})`;
}
