// A level was applied; not yet verified.
import { event } from '../src/body.ts';
import { ContainmentResult } from '../src/containment.ts';

export const ContainmentApplied = event(
  'containment.applied',
  { result: ContainmentResult },
  { senders: ['responder', 'host'], freeText: [] },
);
