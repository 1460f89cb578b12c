// Checkpoints that a trusted key signed, out of notes that anybody may have written.
import { type Checkpoint, parseCheckpoint } from '@sandtrail/chain/checkpoint';
import { hexOf } from '@sandtrail/chain/hash';
import { parseNote, verifyNote } from '@sandtrail/chain/note';
import type { VerifierKey } from '@sandtrail/chain/verifier-key';

/** Judges notes by the keys that the sealer was given. */
export interface SignedHeads {
  /** The largest checkpoint of the chain at no more than `sizeMax` leaves, if one is believed. */
  latest(chain: string, notes: readonly string[], sizeMax: bigint): Checkpoint | undefined;
}

/** Believes what `keys` signed; without keys, nothing. */
export function signedHeads(keys: readonly VerifierKey[]): SignedHeads {
  return {
    latest(chain, notes, sizeMax) {
      let latest: Checkpoint | undefined;
      for (const text of notes) {
        const checkpoint = believed(text, keys);
        if (checkpoint === undefined || hexOf(checkpoint.chain) !== chain) continue;
        if (checkpoint.size > sizeMax || checkpoint.size <= (latest?.size ?? 0n)) continue;
        latest = checkpoint;
      }
      return latest;
    },
  };
}

function believed(text: string, keys: readonly VerifierKey[]): Checkpoint | undefined {
  const note = parseNote(text);
  if (typeof note === 'string' || verifyNote(note, keys).code !== 'verified') return undefined;
  const checkpoint = parseCheckpoint(note.text);
  return typeof checkpoint === 'string' ? undefined : checkpoint;
}
