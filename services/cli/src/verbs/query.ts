// `sandtrail query`: stored events by filter, or an analyst's own read-only SQL.
import { isServed, streamAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { openStopped } from '@sandtrail/local/stopped';
import { chosenFilter, filterOptions, rangeOptions } from '../event-filter.ts';
import { eventText } from '../event-text.ts';
import { jsonForTerminal } from '../printable.ts';
import type { Verb, VerbContext } from '../verb.ts';

/** Prints events (oldest first), or the rows of a SELECT. */
export const queryVerb: Verb = {
  name: 'query',
  summary: 'search the sealed events, by filter or by SQL',
  usage: '',
  options: {
    ...filterOptions,
    ...rangeOptions,
    sql: {
      type: 'string',
      value: 'SELECT',
      help: 'your own read-only SQL over the table `sealed`',
    },
  },
  examples: [
    'sandtrail query --kind process.exec --since 15m',
    'sandtrail query --sandbox UID --json > events.ndjson',
    "sandtrail query --sql 'SELECT kind, count() FROM sealed GROUP BY kind ORDER BY 2 DESC'",
  ],
  exits: { 0: 'printed (perhaps nothing fitted)', 64: 'the filter or the SQL is not understood' },
  async run(context) {
    const asJson = context.flags.has('json') || context.options.has('sql');
    for await (const line of answers(context)) {
      await context.out(`${asJson ? jsonForTerminal(line) : eventText(line)}\n`);
    }
    return 0;
  },
};

async function* answers(context: VerbContext): AsyncGenerator<string> {
  const layout = layoutOf(context.data);
  const sql = context.options.get('sql');
  const input = sql === undefined ? chosenFilter(context, context.nowMs()) : { sql };
  if (await isServed(layout.adminSocket)) {
    const route = sql === undefined ? '/v1/events' : '/v1/sql';
    const method = sql === undefined ? 'GET' : 'POST';
    const { signal } = context;
    yield* streamAdmin({ socket: layout.adminSocket, method, path: route, input, signal });
    return;
  }
  const stopped = await openStopped(layout);
  try {
    yield* sql === undefined ? stopped.events(input) : stopped.sql(sql);
  } finally {
    await stopped.close();
  }
}
