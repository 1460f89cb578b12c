// `sandtrail watch docker:NAME --policy FILE`: a container that runs already becomes a watched sandbox.
import { layoutOf } from '@sandtrail/local/layout';
import { watchContainer } from '@sandtrail/local/watch-container';
import { parsePolicy } from '@sandtrail/policy/parse-policy';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { readText } from '../input.ts';
import type { Verb } from '../verb.ts';

const policyBytesMax = 262_144;
const scheme = 'docker:';

/** Watches it until it ends; the verb itself returns at once. */
export const watchVerb: Verb = {
  name: 'watch',
  summary: 'watch and contain a container that somebody else started',
  usage: 'docker:NAME',
  options: {
    policy: { type: 'string', value: 'FILE', help: 'the sandbox policy (required)' },
    'allow-weaker': {
      type: 'boolean',
      help: 'watch it even where it is isolated less than the policy declares; it is recorded',
    },
  },
  examples: [
    'sandtrail watch docker:agent-7 --policy policy.yaml',
    'sandtrail watch docker:4f1c… --policy policy.yaml --allow-weaker --json',
  ],
  exits: {
    0: 'it is watched; the fields of the policy that nothing enforces are listed',
    64: 'the policy or the command line is not valid',
    66: 'no such container runs',
    69: 'no Sandtrail, or no container engine, answers',
    77: 'it is isolated less than the policy declares',
  },
  async run({ positionals, options, flags, data, stdin, out }) {
    const [name = ''] = positionals;
    const file = options.get('policy');
    if (!name.startsWith(scheme) || file === undefined) {
      throw new SandtrailError('USAGE', { detail: 'name docker:NAME and --policy FILE' });
    }
    const text = await readText({ file, stdin, sizeBytesMax: policyBytesMax });
    const watching = await watchContainer(layoutOf(data), {
      container: name.slice(scheme.length),
      policy: parsePolicy(text, { source: file }),
      allowWeaker: flags.has('allow-weaker'),
    });
    const { uid, incarnation, isolation, unenforced } = watching;
    const missing = unenforced.length === 0 ? '' : `; not enforced: ${unenforced.join(', ')}`;
    const line = `${uid} (life ${incarnation}) is watched, isolated by ${isolation}${missing}`;
    await out(`${flags.has('json') ? JSON.stringify(watching) : line}\n`);
    return 0;
  },
};
