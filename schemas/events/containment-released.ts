// Containment was lowered by another actor than the requester.
import { event } from '../src/body.ts';
import { ContainmentResult } from '../src/containment.ts';

export const ContainmentReleased = event(
  'containment.released',
  { result: ContainmentResult },
  { senders: ['responder', 'host'], freeText: [] },
);
