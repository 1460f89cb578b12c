// The core's side of the signer: takes signed checkpoints and has them sealed, if they are genuine.
import { readFileSync } from 'node:fs';
import { parseNote, verifyNote } from '@sandtrail/chain/note';
import { parseVerifierKey, type VerifierKey } from '@sandtrail/chain/verifier-key';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Sha256Hex, text } from '@sandtrail/schemas/scalars';
import { TrustFile } from '@sandtrail/schemas/seal';
import * as z from 'zod';
import { startAdminServer } from './admin-server.ts';
import type { Layout } from './layout.ts';
import { controlPlane, type RecordService } from './service-records.ts';

const Checkpoint = z.strictObject({
  signedChain: Sha256Hex,
  size: z.string().regex(/^\d{1,20}$/),
  note: text(4096),
});

/** The keys that this installation's checkpoints are signed with. */
export function trustedKeys(layout: Layout): readonly VerifierKey[] {
  const trust = TrustFile.parse(JSON.parse(readFileSync(layout.trustFile, 'utf8')));
  return trust.keys.map(parseVerifierKey).filter((key) => 'publicKey' in key);
}

interface NotesOptions {
  readonly layout: Layout;
  readonly record: RecordService;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Serves the socket on which the signer hands over its notes; others' are refused. */
export async function startNotes({ layout, record, clock, log }: NotesOptions) {
  const keys = trustedKeys(layout);
  return startAdminServer({
    socket: layout.notesSocket,
    // The folder lets the signer's group in and nobody else.
    mode: 0o666,
    log,
    routes: {
      async 'POST /v1/checkpoints'(input) {
        const checkpoint = Checkpoint.parse(input);
        const note = parseNote(checkpoint.note);
        const verdict = typeof note === 'string' ? { code: note } : verifyNote(note, keys);
        if (verdict.code !== 'verified') {
          throw new SandtrailError('USAGE', { detail: `checkpoint: ${verdict.code}` });
        }
        const observedAtNs = `${clock.nowNs()}`;
        await record(controlPlane, { kind: 'control.checkpoint', observedAtNs, ...checkpoint });
        return { json: { recorded: true } };
      },
    },
  });
}
