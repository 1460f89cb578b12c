// A containment request was refused: not allowed, expired, forged or beyond a cap.
import { event } from '../src/body.ts';
import { Sha256Hex, text } from '../src/scalars.ts';

export const ContainmentRefused = event(
  'containment.refused',
  { requestId: Sha256Hex, by: text(128), reason: text(512) },
  { senders: ['responder', 'host'], freeText: [] },
);
