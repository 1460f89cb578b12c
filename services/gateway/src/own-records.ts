// The gateway's own records: ticks and refusals, numbered in streams of the gateway's own epoch.
import type { Bus, Place } from '@sandtrail/bus/bus';
import type { Clock } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { encodeFrame } from '@sandtrail/schemas/frame';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream, type StreamId } from '@sandtrail/schemas/stream';
import { headerStart, headerText } from './admit.ts';

/** Who a record of the gateway is about. */
export interface OwnSubject {
  readonly tenant: string;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

type OwnObservation = ObservationOf<'control.tick'> | ObservationOf<'control.refused'>;
type Unstamped<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;

/** One record to write. `collector` names the stream's first part. */
export interface OwnRecord {
  readonly place: Place;
  readonly collector: string;
  readonly subject: OwnSubject;
  readonly observation: Unstamped<OwnObservation>;
}

interface OwnRecordsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly node: string;
  /** A number that no earlier run of this node's gateway had. */
  readonly epoch: number;
  readonly streamsMax: number;
}

/** Writes the gateway's own records; sequence numbers are dense in each stream. */
export class OwnRecords {
  readonly #options: OwnRecordsOptions;
  readonly #nextSeq = new Map<StreamId, bigint>();
  /** Frames of which nobody knows whether they were written: they go before the stream's next. */
  readonly #unsettled = new Map<StreamId, readonly Buffer[]>();

  constructor(options: OwnRecordsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the record is durable. False when the bound of streams is reached: a stream that
   * is given up could only begin again at 0, which would look like a forgery.
   * @throws SandtrailError as `Bus.append`: the next record then has this one's number, or, when
   * this one may have been written, is preceded by the same bytes again
   */
  async write({ place, collector, subject, observation }: OwnRecord): Promise<boolean> {
    const { bus, clock, node, epoch, streamsMax } = this.#options;
    const { sandbox, incarnation } = subject;
    const stream = formatStream({ collector, node, epoch, sandbox, incarnation });
    await this.#settle(stream, place);
    const seq = this.#nextSeq.get(stream) ?? 0n;
    if (seq === 0n && this.#nextSeq.size >= streamsMax) return false;
    this.#nextSeq.set(stream, seq + 1n);
    const nowNs = clock.nowNs();
    const { kind, ...fields } = observation;
    const stamp = { kind, v: 1, stream, seq: `${seq}`, observedAtNs: `${nowNs}` };
    const start = headerStart(subject, { trust: 'host', credential: 'gateway' });
    const header = headerText(start, { observedAtNs: nowNs, receivedAtNs: nowNs });
    const frame = encodeFrame({
      header: Buffer.from(header, 'latin1'),
      body: Buffer.from(JSON.stringify({ ...stamp, ...fields })),
      erasable: Buffer.alloc(0),
    });
    await bus.append(place, [frame]).catch((error: unknown) => {
      if (error instanceof SandtrailError && error.code === 'BUS_UNAVAILABLE') {
        this.#unsettled.set(stream, [...(this.#unsettled.get(stream) ?? []), frame]);
      } else if (this.#nextSeq.get(stream) === seq + 1n) this.#nextSeq.set(stream, seq);
      throw error;
    });
    return true;
  }

  async #settle(stream: StreamId, place: Place): Promise<void> {
    const frames = this.#unsettled.get(stream);
    if (frames === undefined) return;
    await this.#options.bus.append(place, frames);
    const later = this.#unsettled.get(stream)?.slice(frames.length) ?? [];
    if (later.length > 0) this.#unsettled.set(stream, later);
    else this.#unsettled.delete(stream);
  }
}
