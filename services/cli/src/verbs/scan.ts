// `sandtrail scan [FILE | -]`: the secret scanner on any text, without a service.
import { randomBytes } from 'node:crypto';
import { scanText } from '@sandtrail/secrets/scan-text';
import { createScanner } from '@sandtrail/secrets/scanner';
import { secretlintEngine } from '@sandtrail/secrets/secretlint';
import { readText } from '../input.ts';
import { printable } from '../printable.ts';
import type { Verb } from '../verb.ts';

const sizeBytesMax = 64 * 1024 * 1024;
const keyBytes = 32;

/** Prints what was found and where, never what it was. Fingerprints hold for this run only. */
export const scanVerb: Verb = {
  name: 'scan',
  summary: 'find secrets and personal data in a text; shows them masked',
  usage: '[FILE | -]',
  options: {},
  examples: ['sandtrail scan agent.log', 'git diff | sandtrail scan - --json'],
  exits: { 0: 'nothing found', 1: 'something found', 66: 'the file cannot be read' },
  async run({ positionals, flags, stdin, out, err }) {
    const file = positionals[0] ?? '-';
    const text = await readText({ file, stdin, sizeBytesMax });
    // A key of this run alone: fingerprints of a stored record must not be comparable with a guess.
    const scanner = createScanner({
      fingerprintKey: randomBytes(keyBytes),
      secondEngine: secretlintEngine,
      scanCharsMax: sizeBytesMax,
    });
    const { findings, isTruncated } = await scanText(scanner, text);
    if (flags.has('json')) await out(`${JSON.stringify({ findings, truncated: isTruncated })}\n`);
    for (const { line, column, rule, masked, engine } of flags.has('json') ? [] : findings) {
      await out(
        `${printable(file)}:${line}:${column}  ${rule}  ${printable(masked)}  (${engine})\n`,
      );
    }
    if (isTruncated) err('sandtrail: a bound of the scanner was reached; the text may hold more\n');
    return findings.length === 0 ? 0 : 1;
  },
};
