// A containment request was denied by a named person, or timed out.
import { event } from '../src/body.ts';
import { Sha256Hex, text } from '../src/scalars.ts';

export const ContainmentDenied = event(
  'containment.denied',
  { requestId: Sha256Hex, by: text(128), reason: text(512) },
  { senders: ['responder', 'host'], freeText: [] },
);
