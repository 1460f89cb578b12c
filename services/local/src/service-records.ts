// Records of services in the core: numbered in streams of this run, durable before they count.
import type { Shipper } from '@sandtrail/kit/shipper';
import { pause } from '@sandtrail/runtime/supervise';
import { type ErrorCode, SandtrailError } from '@sandtrail/schemas/errors';
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
const waitingMax = 1024;
const nothing = Buffer.alloc(0);

/** After one of these nothing was written: the number is still free. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'BUS_CLOSED',
  'BUS_FULL',
  'BUS_OVERSIZE',
  'DISK_FULL',
]);

/** By what a record is found again: its stream and its number there. */
export interface RecordName {
  readonly stream: string;
  readonly seq: string;
}

/** Writes one record; resolves when it is durable in the log. */
export type RecordService = (about: About, observation: Observation) => Promise<RecordName>;

interface ServiceStream {
  readonly id: string;
  seq: bigint;
  /** A record of which nobody knows whether it was written: it goes before the next. */
  unsettled: Buffer | undefined;
  waiting: number;
  turn: Promise<void>;
}

/**
 * A writer for one service: one record of a stream after the other. A number never stands for two
 * bodies and leaves no hole: one that the log refused is given to the next record, and what may
 * have been written is sent again before it.
 * @throws SandtrailError as the log's `append`; `STREAM_TAKEN` for too many streams; `BUS_FULL` when
 * too many records wait for their turn
 */
export function serviceRecords(options: RecordsOptions): RecordService {
  const { service, node, epoch } = options;
  const streams = new Map<string, ServiceStream>();
  const streamOf = (about: About): ServiceStream => {
    const id = formatStream({ collector: service, node, epoch, ...about });
    const known = streams.get(id);
    if (known !== undefined) return known;
    if (streams.size >= streamsMax) {
      throw new SandtrailError('STREAM_TAKEN', { detail: `${service}: too many streams` });
    }
    const turn = Promise.resolve();
    const stream: ServiceStream = { id, seq: 0n, unsettled: undefined, waiting: 0, turn };
    streams.set(id, stream);
    return stream;
  };
  return async (about, observation) => {
    const stream = streamOf(about);
    if (stream.waiting >= waitingMax) throw new SandtrailError('BUS_FULL', { detail: stream.id });
    stream.waiting += 1;
    const written = stream.turn.then(() => write(stream, observation, options));
    const over = () => {
      stream.waiting -= 1;
    };
    stream.turn = written.then(over, over);
    return written;
  };
}

async function write(
  stream: ServiceStream,
  { kind, observedAtNs, ...fields }: Observation,
  options: RecordsOptions,
): Promise<RecordName> {
  if (stream.unsettled !== undefined) await send(stream, stream.unsettled, options);
  const name = { stream: stream.id, seq: `${stream.seq}` };
  const body = Buffer.from(JSON.stringify({ kind, v: 1, ...name, observedAtNs, ...fields }));
  const refused = await send(stream, body, options);
  if (refused === undefined) return name;
  throw new SandtrailError('INTERNAL', { detail: `${kind}: ${refused}` });
}

/**
 * Sends the same bytes until the log answers; resolves with why the gateway refused them, if so.
 * Their number is taken unless the log surely has none of them.
 */
async function send(stream: ServiceStream, body: Buffer, options: RecordsOptions) {
  const { shipper, signal } = options;
  let isSurelyAbsent = stream.unsettled === undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [refused] = await shipper.ship([{ body, erasable: nothing }], signal);
      stream.unsettled = undefined;
      if (refused === undefined || !isSurelyAbsent) stream.seq += 1n;
      return refused?.detail;
    } catch (error) {
      const code = error instanceof SandtrailError ? error.code : undefined;
      isSurelyAbsent &&= code !== undefined && refusals.has(code);
      stream.unsettled = isSurelyAbsent ? undefined : body;
      if (attempt === attemptsMax) throw error;
      await pause(retryMs * attempt, signal);
    }
  }
}
