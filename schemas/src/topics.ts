// The log's topics, and which partition a sandbox lives in.
import * as z from 'zod';

/** `findings` and `containment` have lanes of their own: a kill never waits behind the firehose. */
export const Topic = z.enum(['events', 'findings', 'containment', 'control']);
export type Topic = z.infer<typeof Topic>;

/** Partitions of each topic in the embedded log; fixed for a topic generation. */
export const partitionCount: Readonly<Record<Topic, number>> = {
  events: 4,
  findings: 1,
  containment: 1,
  control: 1,
};

/** What people did and what was signed; ticks, refusals and genesis records stay with the events. */
const controlKinds: ReadonlySet<string> = new Set([
  'control.alert',
  'control.audit',
  'control.checkpoint',
  'control.sign_in',
  'control.verification',
]);

/** The topic that a kind of event travels in. */
export function topicOf(kind: string): Topic {
  if (kind === 'finding') return 'findings';
  if (kind.startsWith('containment.')) return 'containment';
  if (controlKinds.has(kind)) return 'control';
  return 'events';
}
