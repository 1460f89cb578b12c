// `sandtrail approve [REQUEST]`: what waits for a person, and a person's decision.
import { callAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { printContainment } from '../containment-text.ts';
import type { Verb } from '../verb.ts';

/** Lists what waits, or approves (with `--deny`: denies) one request. */
export const approveVerb: Verb = {
  name: 'approve',
  summary: 'list containment requests that wait for a person, approve or deny one',
  usage: '[REQUEST]',
  options: {
    deny: { type: 'boolean', help: 'deny it instead' },
    reason: { type: 'string', value: 'TEXT', help: 'why; it is sealed' },
    actor: {
      type: 'string',
      value: 'NAME',
      help: 'who decides (default: the user of the terminal)',
    },
  },
  examples: [
    'sandtrail approve',
    'sandtrail approve 41d0… --actor maria',
    'sandtrail approve 41d0… --deny',
  ],
  exits: { 0: 'listed, or done and verified', 1: 'not verified', 64: 'no such request' },
  async run({ positionals, options, flags, data, out, signal, actor }) {
    const [requestId] = positionals;
    const socket = layoutOf(data).adminSocket;
    const asJson = flags.has('json');
    if (requestId === undefined) {
      const answer = await callAdmin({ socket, method: 'GET', path: '/v1/containments', signal });
      return printContainment({ answer, asJson, out });
    }
    const answer = await callAdmin({
      socket,
      method: 'POST',
      path: flags.has('deny') ? '/v1/containments/deny' : '/v1/containments/approve',
      input: {
        requestId,
        actor: options.get('actor') ?? actor,
        reason: options.get('reason') ?? '',
      },
      signal,
    });
    return printContainment({ answer, asJson, out });
  },
};
