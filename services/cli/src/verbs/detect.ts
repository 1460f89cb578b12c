// `sandtrail detect --events FILE`: the detectors on a file of events, without a service.
import { randomBytes } from 'node:crypto';
import { splitLines } from '@sandtrail/chain/split-lines';
import { detectLines } from '@sandtrail/detection/detect-lines';
import { writeFinding } from '@sandtrail/detection/sandbox-watch';
import { parsePolicy } from '@sandtrail/policy/parse-policy';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { createScanner } from '@sandtrail/secrets/scanner';
import { openInput, readText } from '../input.ts';
import { printable } from '../printable.ts';
import { redactLine } from '../redact-line.ts';
import type { Verb } from '../verb.ts';

const policyBytesMax = 262_144;
const keyBytes = 32;

/** Prints findings, one a line; the same events always give the same findings. */
export const detectVerb: Verb = {
  name: 'detect',
  summary: 'run the detectors over a file of events',
  usage: '',
  options: {
    events: {
      type: 'string',
      value: 'FILE',
      help: 'events as `query --json` prints them (`-`: stdin)',
    },
    policy: { type: 'string', value: 'FILE', help: 'judge every sandbox by this policy' },
  },
  examples: [
    'sandtrail query --json > events.ndjson && sandtrail detect --events events.ndjson --json',
    'sandtrail detect --events trace.ndjson --policy policy.yaml',
  ],
  exits: {
    0: 'nothing found',
    1: 'something found',
    64: 'the policy or the command line is not valid',
    65: 'some lines are no events; the others were judged',
  },
  async run({ options, flags, stdin, out, err }) {
    const file = options.get('events');
    if (file === undefined)
      throw new SandtrailError('USAGE', { detail: 'name a file: --events FILE' });
    const policyFile = options.get('policy');
    const policy =
      policyFile === undefined
        ? undefined
        : parsePolicy(await readText({ file: policyFile, stdin, sizeBytesMax: policyBytesMax }), {
            source: policyFile,
          });
    // What other tools wrote may hold secrets that the kit would have masked before.
    const scanner = createScanner({ fingerprintKey: randomBytes(keyBytes) });
    const detection = detectLines(policy === undefined ? {} : { policy });
    let found = 0;
    for await (const text of splitLines(openInput({ file, stdin }))) {
      const outcome = detection.line(redactLine(scanner, text));
      if (outcome.type === 'malformed') {
        err(`sandtrail: ${printable(file)}:${outcome.line}: ${printable(outcome.message, 300)}\n`);
        continue;
      }
      for (const finding of outcome.findings) {
        found += 1;
        const { severity, detector, sandbox, explanation } = finding;
        const words = `${severity.toUpperCase()} ${detector} ${sandbox}: ${printable(explanation, 600)}`;
        await out(`${flags.has('json') ? writeFinding(finding) : words}\n`);
      }
    }
    const { lines, malformed } = detection.counts();
    if (malformed > 0) err(`sandtrail: ${malformed} of ${lines} lines are no events\n`);
    if (malformed > 0) return 65;
    return found === 0 ? 0 : 1;
  },
};
