// The signer's process: reads sealed rows back, signs checkpoints, hands them to the core.
import { loadSigningKey } from '@sandtrail/sealer/key-file';
import { startSigner as startSigning } from '@sandtrail/sealer/signer';
import { connectReader } from '@sandtrail/store/open-store';
import { callAdmin } from '../admin-client.ts';
import { keyFilesOf, signerName } from '../keys.ts';
import { ownReadTarget } from '../own-store.ts';
import type { Running, Surroundings } from '../role.ts';

/** Starts signing. It holds the one private key that makes checkpoints, and can write no row. */
export async function startSigner(surroundings: Surroundings): Promise<Running> {
  const { layout, configuration, clock, counters, log } = surroundings;
  const store = connectReader({ target: ownReadTarget(surroundings), counters });
  const signer = await startSigning({
    store,
    key: await loadSigningKey({
      path: keyFilesOf(layout).signerPrivate,
      name: signerName(configuration),
    }),
    stateDir: layout.signer,
    headFile: configuration.headFile,
    release: async ({ chain, size, note }) => {
      const input = { signedChain: chain, size: size.toString(), note };
      await callAdmin({
        socket: layout.notesSocket,
        method: 'POST',
        path: '/v1/checkpoints',
        input,
      });
    },
    clock,
    logger: log,
    counters,
    intervalMs: configuration.checkpointMs,
  });
  return {
    async close() {
      await signer.stop();
      await store.close();
    },
  };
}
