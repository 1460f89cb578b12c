// A chain was verified from the console: by whom, from where to where, and with which result.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Sha256Hex, text, Uint64 } from '../src/scalars.ts';
import { VerifyCode } from '../src/seal.ts';

/** What a look at a range of one chain said; `stopped` says nothing about the rows. */
export const RangeVerdict = z.enum(['verified', 'unanchored', 'gap', 'broken', 'stopped']);
export type RangeVerdict = z.infer<typeof RangeVerdict>;

export const ControlVerification = event(
  'control.verification',
  {
    actor: text(128),
    verifiedChain: Sha256Hex,
    from: Uint64,
    to: Uint64,
    rows: Uint64,
    verdict: RangeVerdict,
    /** The first thing that is wrong. */
    code: VerifyCode.optional(),
    position: Uint64.optional(),
    detail: text(1024).optional(),
  },
  { senders: ['gateway'], freeText: [] },
);
