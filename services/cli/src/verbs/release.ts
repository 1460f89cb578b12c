// `sandtrail release UID`: another person than the requester lets a contained sandbox go on.
import { callAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { printContainment } from '../containment-text.ts';
import type { Verb } from '../verb.ts';

/** Lowers a containment to L0; a killed sandbox stays dead. */
export const releaseVerb: Verb = {
  name: 'release',
  summary: 'let a contained sandbox go on (by another actor than the requester)',
  usage: 'UID',
  options: {
    incarnation: { type: 'string', value: 'N', help: 'which life of the sandbox (default 0)' },
    reason: { type: 'string', value: 'TEXT', help: 'why; it is sealed' },
    actor: {
      type: 'string',
      value: 'NAME',
      help: 'who decides (default: the user of the terminal)',
    },
  },
  examples: ['sandtrail release 0b6c…e1 --actor maria --reason "false alarm: build cache"'],
  exits: { 0: 'released', 1: 'refused or failed: the answer says why', 69: 'nothing runs here' },
  async run({ positionals, options, flags, data, out, signal, actor }) {
    const [sandbox] = positionals;
    if (sandbox === undefined) throw new SandtrailError('USAGE', { detail: 'name a sandbox: UID' });
    const answer = await callAdmin({
      socket: layoutOf(data).adminSocket,
      method: 'POST',
      path: '/v1/containments/release',
      input: {
        sandbox,
        incarnation: Number(options.get('incarnation') ?? 0),
        actor: options.get('actor') ?? actor,
        reason: options.get('reason') ?? 'asked for on the command line',
      },
      signal,
    });
    return printContainment({ answer, asJson: flags.has('json'), out });
  },
};
