// A signed checkpoint of one chain, as the signer released it (C2SP tlog-checkpoint, signed-note).
import { event } from '../src/body.ts';
import { Sha256Hex, text, Uint64 } from '../src/scalars.ts';

export const ControlCheckpoint = event(
  'control.checkpoint',
  { signedChain: Sha256Hex, size: Uint64, note: text(4096) },
  { senders: ['signer'], freeText: [] },
);
