// Records of services in the core: numbered in streams of this run, durable before they count.
import type { Shipper } from '@sandtrail/kit/shipper';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Observation } from '@sandtrail/schemas/observation';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream } from '@sandtrail/schemas/stream';

/** Whom a record is about. */
export interface About {
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

/** The name under which records stand that are about no sandbox. */
export const controlPlane: About = { sandbox: SandboxUid.parse('control-plane'), incarnation: 0 };

interface RecordsOptions {
  readonly service: string;
  readonly node: string;
  /** A number that no earlier run of this service had. */
  readonly epoch: number;
  readonly shipper: Shipper;
  readonly signal: AbortSignal;
}

const attemptsMax = 6;
const retryMs = 50;
const streamsMax = 65_536;
const nothing = Buffer.alloc(0);

/** By what a record is found again: its stream and its number there. */
export interface RecordName {
  readonly stream: string;
  readonly seq: string;
}

/** Writes one record; resolves when it is durable in the log. */
export type RecordService = (about: About, observation: Observation) => Promise<RecordName>;

/**
 * A writer for one service. The same bytes are sent again after a failure, so that a number never
 * stands for two bodies; a record that cannot be written leaves a hole that the verifier names.
 * @throws SandtrailError as the log's `append`
 */
export function serviceRecords(options: RecordsOptions): RecordService {
  const { service, node, epoch, shipper, signal } = options;
  const nextSeq = new Map<string, bigint>();
  return async (about, { kind, observedAtNs, ...fields }) => {
    const stream = formatStream({ collector: service, node, epoch, ...about });
    const seq = nextSeq.get(stream) ?? 0n;
    if (seq === 0n && nextSeq.size >= streamsMax) {
      throw new SandtrailError('STREAM_TAKEN', { detail: `${service}: too many streams` });
    }
    nextSeq.set(stream, seq + 1n);
    const stamp = { kind, v: 1, stream, seq: `${seq}`, observedAtNs };
    const body = Buffer.from(JSON.stringify({ ...stamp, ...fields }));
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [refused] = await shipper.ship([{ body, erasable: nothing }], signal);
        if (refused === undefined) return { stream, seq: `${seq}` };
        throw new SandtrailError('INTERNAL', { detail: `${kind}: ${refused.detail}` });
      } catch (error) {
        const isFinal = error instanceof SandtrailError && error.code === 'INTERNAL';
        if (isFinal || attempt === attemptsMax) throw error;
        await pause(retryMs * attempt, signal);
      }
    }
  };
}
