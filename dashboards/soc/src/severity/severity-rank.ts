// Severities: their shapes and their order.
import type { Severity } from '@sandtrail/schemas/scalars';

/** The shape of each severity. */
export const severityShape: Readonly<Record<Severity, string>> = {
  critical: '◆',
  high: '▲',
  medium: '◐',
  low: '○',
  info: '·',
};

/** Worst first. */
export const severities = [
  'critical',
  'high',
  'medium',
  'low',
  'info',
] as const satisfies readonly Severity[];

/** A higher number is worse. */
const severityRank: Readonly<Record<Severity, number>> = {
  critical: 4,
  high: 3,
  medium: 2,
  low: 1,
  info: 0,
};

/** The worst of some severities; undefined when there are none. */
export function worstOf(found: Iterable<Severity | undefined>): Severity | undefined {
  let worst: Severity | undefined;
  for (const severity of found) {
    if (severity === undefined) continue;
    if (worst === undefined || severityRank[severity] > severityRank[worst]) worst = severity;
  }
  return worst;
}
