// A containment request as it was signed, written ahead of its effect.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { ContainmentRequest, SignedRequest } from '../src/containment.ts';

export const ContainmentRequested = event(
  'containment.requested',
  {
    request: ContainmentRequest,
    /** Over the request's JSON text as it stands here; absent where the host acted by itself. */
    keyId: SignedRequest.shape.keyId.optional(),
    signature: SignedRequest.shape.signature.optional(),
    /** Set while a person has to agree first: nothing is sent before that. */
    awaiting: z.literal('approval').optional(),
  },
  { senders: ['responder', 'host'], freeText: [] },
);
