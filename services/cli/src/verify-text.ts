// A verifier's report in words that a person who is no engineer can read.
import type { VerifyReport } from '@sandtrail/schemas/seal';
import { printable } from './printable.ts';

const verdicts: Readonly<Record<VerifyReport['verdict'], string>> = {
  verified: 'VERIFIED: every record is as it was sealed, and heads from outside confirm it.',
  tampered: 'TAMPERED: the record was changed after it was sealed. What and where stands below.',
  unanchored: 'UNANCHORED: nothing contradicts, but nothing outside of this machine confirms.',
  incomplete: 'INCOMPLETE: parts of the record are missing, so no verdict can be given on them.',
};

const findingsShownMax = 50;

/** The whole text. It always says what even a good verdict does not prove. */
export function reportText({ verdict, findings, chains }: VerifyReport): string {
  const lines = [verdicts[verdict], ''];
  for (const { topic, partition, chain, first, last, count, anchored } of chains) {
    const name = `${topic}-${partition}`.padEnd(14);
    const range = `${count} records at positions ${first} to ${last}`;
    lines.push(`  ${name} ${range}${anchored ? ', anchored' : ''}  (chain ${chain.slice(0, 12)}…)`);
  }
  if (findings.length > 0) lines.push('', `Findings: ${findings.length}`);
  for (const { code, chain, position, detail } of findings.slice(0, findingsShownMax)) {
    const where = [
      chain === null ? undefined : `chain ${chain.slice(0, 12)}…`,
      position === null ? undefined : `position ${position}`,
    ].filter((part) => part !== undefined);
    lines.push(`  ${code}${where.length > 0 ? ` at ${where.join(', ')}` : ''}`);
    lines.push(`    ${printable(detail, 1024)}`);
  }
  if (findings.length > findingsShownMax) {
    lines.push(`  … and ${findings.length - findingsShownMax} more (--json shows all)`);
  }
  lines.push(
    '',
    'What this does not prove: what collectors could not see (`sandtrail doctor` lists it), what was',
    'lost before it was numbered and said so (`collector.gap`), and the truth of what is only claimed',
    '(trust `sandbox` or `self_reported`).',
    '',
  );
  return lines.join('\n');
}
