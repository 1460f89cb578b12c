// A detector's finding, sealed beside the events that it rests on.
import { event } from '../src/body.ts';
import { Finding } from '../src/finding.ts';

export const FindingEvent = event(
  'finding',
  { finding: Finding },
  { senders: ['detector'], freeText: [] },
);
