// `sandtrail quarantine UID --level L2`: a person stops a sandbox and sees the proof.
import { callAdmin } from '@sandtrail/local/admin-client';
import { layoutOf } from '@sandtrail/local/layout';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { printContainment } from '../containment-text.ts';
import type { Verb } from '../verb.ts';

/** Asks for a rung of the ladder; prints what the sandbox's scheduler did and proved. */
export const quarantineVerb: Verb = {
  name: 'quarantine',
  summary: 'contain a sandbox: deny egress (L1), freeze (L2), kill (L5); print the proof',
  usage: 'UID',
  options: {
    level: { type: 'string', value: 'LEVEL', help: 'L0, L1, L2 or L5 (default L2)' },
    incarnation: { type: 'string', value: 'N', help: 'which life of the sandbox (default 0)' },
    reason: { type: 'string', value: 'TEXT', help: 'why; it is sealed' },
    actor: { type: 'string', value: 'NAME', help: 'who asks (default: the user of the terminal)' },
  },
  examples: [
    'sandtrail quarantine 0b6c…e1 --level L2 --reason "unexplained egress"',
    'sandtrail quarantine 0b6c…e1 --level L5 --json',
  ],
  exits: {
    0: 'verified: the proof shows that it holds',
    1: 'not verified: the result says why',
    64: 'no such sandbox or level',
    69: 'no Sandtrail serves this data directory',
  },
  async run({ positionals, options, flags, data, out, signal, actor }) {
    const [sandbox] = positionals;
    if (sandbox === undefined) throw new SandtrailError('USAGE', { detail: 'name a sandbox: UID' });
    const input = {
      sandbox,
      incarnation: Number(options.get('incarnation') ?? 0),
      level: options.get('level') ?? 'L2',
      reason: options.get('reason') ?? 'asked for on the command line',
      actor: options.get('actor') ?? actor,
    };
    const answer = await callAdmin({
      socket: layoutOf(data).adminSocket,
      method: 'POST',
      path: '/v1/containments/quarantine',
      input,
      signal,
    });
    return printContainment({ answer, asJson: flags.has('json'), out });
  },
};
