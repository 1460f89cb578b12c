// `sandtrail policy lint FILE`: is this policy valid, what does it mean, and what is weak about it.
import { lintPolicy } from '@sandtrail/policy/lint-policy';
import { parsePolicy } from '@sandtrail/policy/parse-policy';
import { policyDigest } from '@sandtrail/policy/policy-digest';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { readText } from '../input.ts';
import type { Verb } from '../verb.ts';

const sizeBytesMax = 262_144;

/** Prints the policy's digest and its warnings. */
export const policyVerb: Verb = {
  name: 'policy',
  summary: 'check a sandbox policy: errors with their place, and what is weak about it',
  usage: 'lint FILE',
  options: {},
  examples: ['sandtrail policy lint policy.yaml', 'sandtrail policy lint - --json < policy.yaml'],
  exits: { 0: 'valid (warnings may stand)', 64: 'not valid: the error names line and remedy' },
  async run({ positionals, flags, stdin, out }) {
    const [act, file] = positionals;
    if (act !== 'lint' || file === undefined) {
      throw new SandtrailError('USAGE', { detail: 'write: sandtrail policy lint FILE' });
    }
    const policy = parsePolicy(await readText({ file, stdin, sizeBytesMax }), { source: file });
    const warnings = lintPolicy(policy);
    const digest = policyDigest(policy);
    if (flags.has('json')) {
      await out(`${JSON.stringify({ valid: true, digest, warnings, policy })}\n`);
      return 0;
    }
    await out(`${file}: valid\n  digest ${digest}\n`);
    for (const warning of warnings) {
      await out(`  warning ${warning.code} at ${warning.field}: ${warning.message}\n`);
    }
    return 0;
  },
};
