// The recorder on top of the kit: one kit, and so one epoch and one spool, for each collector's name.
import type { Kit } from '@sandtrail/kit/kit';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { SandboxRecorder } from './recorder.ts';

interface KitRecorderOptions {
  /** The kit of a collector of this runner; called once for each name. */
  readonly kitOf: (collector: string) => Kit;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

/** Records one sandbox; closing a stream also closes its kit, which ships or spools what is left. */
export function createKitRecorder(options: KitRecorderOptions): SandboxRecorder {
  const { kitOf, sandbox, incarnation } = options;
  return {
    open: async (collector, mode) => {
      const kit = kitOf(collector);
      const { detail, blindSpots } = mode;
      const stream = await kit.open({ sandbox, incarnation, mode: detail, blindSpots });
      return {
        emit: (observation, how) => stream.emit(observation, how),
        lost: (gap) => stream.lost(gap),
        close: async (reason) => {
          await stream.close(reason);
          await kit.close(reason);
          return { stream: stream.id, lastSeq: stream.nextSeq - 1n };
        },
      };
    },
  };
}
