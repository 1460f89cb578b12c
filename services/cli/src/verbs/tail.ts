// `sandtrail tail`: events as they enter the log.
import { streamAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { chosenFilter, filterOptions } from '../event-filter.ts';
import { eventText } from '../event-text.ts';
import type { Verb } from '../verb.ts';

/** Prints events from now on, until Ctrl-C. */
export const tailVerb: Verb = {
  name: 'tail',
  summary: 'follow events as they enter the log',
  usage: '',
  options: filterOptions,
  examples: ['sandtrail tail --kind finding', 'sandtrail tail --sandbox UID --json'],
  exits: { 0: 'ended by Ctrl-C or by the product', 69: 'no Sandtrail serves this data directory' },
  async run(context) {
    const lines = streamAdmin({
      socket: layoutOf(context.data).adminSocket,
      method: 'GET',
      path: '/v1/tail',
      input: chosenFilter(context, 0),
      signal: context.signal,
    });
    for await (const line of lines) {
      await context.out(`${context.flags.has('json') ? line : eventText(line)}\n`);
    }
    return 0;
  },
};
