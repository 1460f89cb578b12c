// `sandtrail console`: a one-time link into the web console.
import { callAdmin } from '@sandtrail/local/admin-client';
import { ConsoleLink } from '@sandtrail/local/admin-contract';
import { layoutOf } from '@sandtrail/local/layout';
import type { Verb } from '../verb.ts';

/** Prints the link. Whoever may use the admin socket may sign in, and as whom they say. */
export const consoleVerb: Verb = {
  name: 'console',
  summary: 'print a link that signs in to the web console, once, within 60 s',
  usage: '',
  options: {
    role: {
      type: 'string',
      value: 'ROLE',
      help: 'viewer, analyst, responder, approver or admin (default admin)',
    },
    actor: {
      type: 'string',
      value: 'NAME',
      help: 'who signs in; it is sealed with every act (default: the user of the terminal)',
    },
  },
  examples: ['sandtrail console', 'sandtrail console --actor maria --role approver'],
  exits: {
    0: 'the link was printed',
    64: 'no such role, or the console does not listen',
    69: 'no Sandtrail serves this data directory',
  },
  async run({ options, flags, data, out, signal, actor }) {
    const answer = await callAdmin({
      socket: layoutOf(data).adminSocket,
      method: 'POST',
      path: '/v1/console/link',
      input: { actor: options.get('actor') ?? actor, role: options.get('role') ?? 'admin' },
      signal,
    });
    const { url } = ConsoleLink.parse(answer);
    await out(flags.has('json') ? `${JSON.stringify({ url })}\n` : `${url}\n`);
    return 0;
  },
};
