// A level was checked after it was applied: the proof, as the driver read it.
import { event } from '../src/body.ts';
import { ContainmentResult } from '../src/containment.ts';

export const ContainmentVerified = event(
  'containment.verified',
  { result: ContainmentResult },
  { senders: ['responder', 'host'], freeText: [] },
);
