// `sandtrail forward status|replay|test`: where sealed events go, what was refused, whether it works.
import { callAdmin } from '@sandtrail/local/admin-client';
import {
  destinationLine,
  ForwardStatus,
  ReplayAnswer,
  TestAnswer,
} from '@sandtrail/local/forward-status';
import { layoutOf } from '@sandtrail/local/layout';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Verb } from '../verb.ts';

/** Shows the destinations, sends the dead letters of one again, or sends it a test event. */
export const forwardVerb: Verb = {
  name: 'forward',
  summary: 'show where sealed events go; send again what a destination refused; try a destination',
  usage: 'status | replay DESTINATION | test DESTINATION',
  options: {},
  examples: [
    'sandtrail forward status',
    'sandtrail forward status --json | jq ".[].lanes.bulk.lagRows"',
    'sandtrail forward test soc',
    'sandtrail forward replay soc',
  ],
  exits: {
    0: 'shown, delivered, or nothing left to replay',
    1: 'the destination refused it (again)',
    64: 'no such destination',
    69: 'the destination cannot be reached',
  },
  async run({ positionals, flags, data, out, signal }) {
    const [act = 'status', destination] = positionals;
    const socket = layoutOf(data).adminSocket;
    const print = (value: unknown, text: string) =>
      out(flags.has('json') ? `${JSON.stringify(value)}\n` : text);
    if (act === 'status' && destination === undefined) {
      const answer = await callAdmin({ socket, method: 'GET', path: '/v1/forward', signal });
      const all = ForwardStatus.parse(answer);
      const lines = all.map((each) => `${destinationLine(each)}\n`).join('');
      await print(all, lines === '' ? 'no destinations in config.yaml\n' : lines);
      return 0;
    }
    if ((act !== 'replay' && act !== 'test') || destination === undefined)
      throw new SandtrailError('USAGE', { detail: 'forward status, or replay|test DESTINATION' });
    const path = `/v1/forward/${act}`;
    const input = { destination };
    const answer = await callAdmin({ socket, method: 'POST', path, input, signal });
    if (act === 'test') {
      const { verdict } = TestAnswer.parse(answer);
      await print({ verdict }, `${destination}: ${verdict}\n`);
      return verdict === 'delivered' ? 0 : 1;
    }
    const { delivered, left } = ReplayAnswer.parse(answer);
    await print({ delivered, left }, `${destination}: ${delivered} delivered, ${left} left\n`);
    return left === 0 ? 0 : 1;
  },
};
