// Events as `sandtrail query --json` prints them: one flat JSON object a line, in log order.
import type { SealedRow } from '@sandtrail/chain/row';
import type { Counters } from '@sandtrail/runtime/counters';
import { flattenEvent } from '@sandtrail/schemas/event-line';
import type { Parameter, StoreConnection } from './connection.ts';
import { decodeSealedRows, sealedColumns } from './row-binary.ts';
import type { EventFilter } from './store.ts';

interface Options {
  readonly connection: Pick<StoreConnection, 'read'>;
  readonly counters: Counters;
  readonly filter: EventFilter;
}

/** Large results are sorted on the disk, not in memory. */
const settings = { max_bytes_before_external_sort: 64 * 1024 * 1024, max_block_size: 4096 };

/**
 * The newest events that match, oldest first. A row whose bytes are not JSON is left out and
 * counted: no gateway frames one, so it was changed later, and `verify` names it.
 */
export async function* eventLines({ connection, counters, filter }: Options) {
  const { conditions, params } = conditionsOf(filter);
  // The chain's id stands before the header, so that one decoder reads all columns.
  const sql = `
SELECT pos, offset, concat(lower(hex(chain)), header) AS header, body, link FROM (
  SELECT chain, appendedAt, ${sealedColumns} FROM sealed
  WHERE ${['1', ...conditions].join(' AND ')}
  ORDER BY appendedAt DESC, chain DESC, pos DESC LIMIT 1 BY chain, pos LIMIT {limit:UInt64})
ORDER BY appendedAt, chain, pos FORMAT RowBinary`;
  const abort = filter.signal === undefined ? {} : { signal: filter.signal };
  const bytes = connection.read({ sql, params, settings, ...abort });
  for await (const rows of decodeSealedRows(bytes)) {
    for (const row of rows) {
      const line = lineOf(row);
      if (line === undefined) counters.add('store.unreadable_rows');
      else yield line;
    }
  }
}

function conditionsOf(filter: EventFilter) {
  const { sandbox, kind, sinceNs, untilNs, text, limit } = filter;
  const conditions: string[] = [];
  const params: Record<string, Parameter> = { limit };
  const want = (name: string, value: Parameter | undefined, condition: string) => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = value;
  };
  want('sandbox', sandbox, 'sandbox = {sandbox:String}');
  // `network.` is the whole family.
  const isFamily = kind?.endsWith('.') === true;
  want('kind', kind, isFamily ? 'startsWith(kind, {kind:String})' : 'kind = {kind:String}');
  want('since', sinceNs, "time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')");
  want('until', untilNs, "time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')");
  want('text', text, 'position(body, {text:String}) > 0');
  return { conditions, params };
}

const chainChars = 64;

function lineOf({ pos, offset, header, body }: SealedRow): string | undefined {
  const prefixed = header.toString();
  const place = { chain: prefixed.slice(0, chainChars), pos: `${pos}`, offset: `${offset}` };
  try {
    return JSON.stringify({
      ...place,
      ...flattenEvent(prefixed.slice(chainChars), body.toString()),
    });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
