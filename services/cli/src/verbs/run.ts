// `sandtrail run --policy FILE -- COMMAND`: a command in a watched sandbox.
import { layoutOf } from '@sandtrail/local/layout';
import { type RunReport, runReported } from '@sandtrail/local/run-reported';
import { parsePolicy } from '@sandtrail/policy/parse-policy';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { readText } from '../input.ts';
import { printable } from '../printable.ts';
import type { Verb } from '../verb.ts';

const policyBytesMax = 262_144;

/** Runs it; the command's own exit code is the exit code. */
export const runVerb: Verb = {
  name: 'run',
  summary: 'run a command in a watched sandbox under a policy',
  usage: '-- COMMAND [ARGUMENTS]',
  options: {
    policy: { type: 'string', value: 'FILE', help: 'the sandbox policy (required)' },
    name: { type: 'string', value: 'NAME', help: 'a name for people (default: the command)' },
    workspace: { type: 'string', value: 'DIR', help: 'the host folder that becomes the workspace' },
    'allow-weaker': {
      type: 'boolean',
      help: 'go on where this machine isolates less than the policy declares; it is recorded',
    },
  },
  examples: [
    'sandtrail run --policy policy.yaml -- python agent.py',
    'sandtrail run --policy policy.yaml --workspace . --json -- make test',
  ],
  exits: {
    0: 'the command’s own code; 128+n when signal n ended it',
    64: 'the policy or the command line is not valid',
    69: 'no recorder could be reached or started',
  },
  async run(context) {
    const { options, flags, rest, data, stdin, out, err } = context;
    const file = options.get('policy');
    if (file === undefined)
      throw new SandtrailError('USAGE', { detail: 'name a policy: --policy FILE' });
    if (rest.length === 0)
      throw new SandtrailError('USAGE', { detail: 'write the command after --' });
    const text = await readText({ file, stdin, sizeBytesMax: policyBytesMax });
    const workspace = options.get('workspace');
    const report = await runReported({
      layout: layoutOf(data),
      policy: parsePolicy(text, { source: file }),
      command: rest,
      name: options.get('name') ?? rest[0] ?? '',
      allowWeaker: flags.has('allow-weaker'),
      ...(workspace === undefined ? {} : { workspace }),
      err,
    });
    if (flags.has('json')) await out(`${JSON.stringify(report)}\n`);
    else err(reportText(report));
    return report.exitCode;
  },
};

function reportText({ sandbox, reason, level, findings, events, losses }: RunReport): string {
  const count = Object.values(events).reduce((sum, each) => sum + each, 0);
  const lost = losses.reduce((sum, { count: each }) => sum + Number(each), 0);
  const lines = [
    `sandtrail: ${sandbox} ${reason}; ${count} events recorded, ${lost} lost, ${findings.length} findings`,
    ...findings.map(
      (each) => `  ${each.severity} ${each.detector}: ${printable(each.explanation, 300)}`,
    ),
    ...(level === 'L0' ? [] : [`  contained at ${level}`]),
  ];
  return `${lines.join('\n')}\n`;
}
