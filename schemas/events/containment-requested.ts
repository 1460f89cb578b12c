// A containment request as it was signed, written ahead of its effect.
import { event } from '../src/body.ts';
import { ContainmentRequest } from '../src/containment.ts';

export const ContainmentRequested = event(
  'containment.requested',
  { request: ContainmentRequest },
  { senders: ['responder', 'host'], freeText: [] },
);
