// Which events a destination wants: by kind and by how bad they are.
import { severities } from './ocsf/severity.ts';
import type { Message } from './output.ts';

/** What is asked for; what is absent is not asked. `network.` is the whole family. */
export interface Wanted {
  readonly kinds?: readonly string[] | undefined;
  readonly exceptKinds?: readonly string[] | undefined;
  readonly severityMin: (typeof severities)[number];
}

/** True for an event that the destination gets. */
export function isWanted(
  event: Pick<Message, 'kind' | 'severity'>,
  { kinds, exceptKinds = [], severityMin }: Wanted,
) {
  if (kinds !== undefined && !kinds.some((each) => isOfKind(event.kind, each))) return false;
  if (exceptKinds.some((each) => isOfKind(event.kind, each))) return false;
  return severities.indexOf(event.severity) >= severities.indexOf(severityMin);
}

function isOfKind(kind: string, wanted: string): boolean {
  return wanted.endsWith('.') ? kind.startsWith(wanted) : kind === wanted;
}
