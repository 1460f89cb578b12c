// How bad an event is for who is told of it: findings say it themselves, a few kinds are worth a look.
import type { BodyWire } from '@sandtrail/schemas/observation';
import { Severity } from '@sandtrail/schemas/scalars';
import type * as z from 'zod';

type Level = z.infer<typeof Severity>;

const captions: Readonly<Record<Level, string>> = {
  info: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
};

/** Severities from the least to the worst: the place is OCSF's `severity_id` less one. */
export const severities: readonly Level[] = Severity.options;

/** Priorities of syslog (RFC 5424, 6.2.1), as Falco has them. */
const ofPriority: ReadonlyMap<string, Level> = new Map([
  ['emergency', 'critical'],
  ['alert', 'critical'],
  ['critical', 'critical'],
  ['error', 'high'],
  ['warning', 'medium'],
  ['notice', 'low'],
  ['informational', 'info'],
  ['debug', 'info'],
]);

/** The severity of an event. */
export function severityOf(body: BodyWire): Level {
  switch (body.kind) {
    case 'finding':
      return body.finding.severity;
    case 'feed.alert':
      return ofPriority.get(body.priority.toLowerCase()) ?? 'medium';
    case 'containment.failed':
      return 'critical';
    case 'control.verification':
      return body.verdict === 'broken' ? 'critical' : 'info';
    case 'control.sign_in':
      return body.act === 'refused' ? 'low' : 'info';
    case 'collector.gap':
      return 'medium';
    case 'network.denied':
    case 'control.refused':
    case 'sandbox.unenforced':
      return 'low';
    default:
      return body.kind.startsWith('containment.') ? 'high' : 'info';
  }
}

/** OCSF's number and caption of it. */
export function ocsfSeverity(severity: Level) {
  return { severity_id: severities.indexOf(severity) + 1, severity: captions[severity] };
}
