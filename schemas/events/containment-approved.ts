// A containment request was approved by a named person.
import { event } from '../src/body.ts';
import { Sha256Hex, text } from '../src/scalars.ts';

export const ContainmentApproved = event(
  'containment.approved',
  { requestId: Sha256Hex, by: text(128), reason: text(512) },
  { senders: ['responder', 'host'], freeText: [] },
);
