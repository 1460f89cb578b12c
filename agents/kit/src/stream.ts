// A stream: one collector's records about one life of one sandbox, numbered without holes and attested.
import { strict as assert } from 'node:assert';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Redaction } from '@sandtrail/schemas/body';
import { Body } from '@sandtrail/schemas/events';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import { bodySizeBytesMax, type SandboxUid } from '@sandtrail/schemas/scalars';
import type { StreamId } from '@sandtrail/schemas/stream';
import type { Scanner } from '@sandtrail/secrets/scanner';
import { type EpochKey, RunHash, type Statement } from './attestation.ts';
import type { KitConfig } from './config.ts';
import { type Draft, type FirstLook, look } from './draft.ts';
import { type Loss, Losses } from './losses.ts';
import type { Outbox } from './outbox.ts';
import { PendingDrafts } from './pending-drafts.ts';
import { shrink } from './shrink.ts';

/** What a stream is made of. */
export interface StreamOptions {
  readonly id: StreamId;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  readonly key: EpochKey;
  readonly outbox: Outbox;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly config: KitConfig;
}

interface EmitOptions {
  /** What the collector's own stream scanner masked in this observation already. */
  readonly redactions?: readonly Redaction[];
}

type Own<K extends Observation['kind']> = Omit<ObservationOf<K>, 'kind' | 'observedAtNs'>;

const empty = Buffer.alloc(0);
/** A record's share of memory beside its text, for `admits` before it is written out. */
const overheadBytes = 512;

/** Opened by the kit. Its methods never throw for what an observation holds. */
export class KitStream {
  readonly id: StreamId;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  readonly #options: StreamOptions;
  readonly #run = new RunHash();
  readonly #losses = new Losses();
  readonly #pending: PendingDrafts;
  #seq = 0n;
  #recordsSinceBeat = 0;
  #beatAtMs: number;
  #isClosed = false;
  /** The first loss after a tick is told at once, later ones with it at the next: never one each. */
  #hasToldSinceTick = false;

  readonly #onClosed: (stream: KitStream) => void;

  constructor(
    options: StreamOptions,
    opening: Own<'collector.started'>,
    onClosed: (stream: KitStream) => void,
  ) {
    this.#onClosed = onClosed;
    const { id, sandbox, incarnation, clock, counters, config } = options;
    this.id = id;
    this.sandbox = sandbox;
    this.incarnation = incarnation;
    this.#options = options;
    this.#beatAtMs = clock.monotonicMs();
    this.#pending = new PendingDrafts({
      draftsMax: config.scanQueueMax,
      charsMax: config.scanQueueCharsMax,
      counters,
      finish: (draft) => this.#record(draft),
    });
    const body = { kind: 'collector.started', observedAtNs: this.#now(), ...opening };
    counters.add('kit.own_records');
    this.#push(this.#bytesOf(body));
  }

  /** The number that the next record will get; everything below it was numbered. */
  get nextSeq(): bigint {
    return this.#seq;
  }

  get dropped(): bigint {
    return this.#losses.dropped;
  }

  /**
   * Redacts, bounds, numbers and sends on one observation, after all that were emitted before it.
   * What cannot become a record is counted and told in a `collector.gap`.
   */
  emit(observation: Observation, { redactions = [] }: EmitOptions = {}): void {
    this.#options.counters.add('kit.observed');
    if (this.#isClosed) {
      this.#options.counters.add('kit.dropped', 1, 'closed');
      return;
    }
    let first: FirstLook;
    try {
      assert(!observation.kind.startsWith('collector.'), 'the kit alone speaks for a collector');
      first = look({ scanner: this.#options.scanner, observation, redactions });
    } catch {
      // No kind, the kit's own kind, or an object with a will of its own (a getter, a proxy).
      this.#drop('malformed');
      return;
    }
    this.#pending.add(first);
  }

  /** Tells of records that were lost before they came here. */
  lost(loss: Loss): void {
    this.#options.counters.add('kit.lost', Number(loss.count), loss.reason);
    this.#losses.add(loss);
    if (this.#isClosed || this.#hasToldSinceTick) return;
    this.#hasToldSinceTick = true;
    this.#tellLosses();
  }

  /** Tells losses, and writes a heartbeat when one is due. The kit calls it several times a second. */
  tick(): void {
    this.#hasToldSinceTick = false;
    if (!this.#isClosed) this.#tellLosses();
    const sinceMs = this.#options.clock.monotonicMs() - this.#beatAtMs;
    if (!this.#isClosed && sinceMs >= this.#options.config.heartbeatMs) this.#beat();
  }

  /** Ends the stream with a signed last statement, after all that was emitted. Once only. */
  async close(reason: string): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pending.drained();
    this.#tellLosses({ isLast: true });
    const body = {
      kind: 'collector.stopped',
      observedAtNs: this.#now(),
      reason: reason.slice(0, 128).toWellFormed(),
    };
    this.#options.counters.add('kit.own_records');
    this.#push(this.#bytesOf({ ...body, ...this.#statement() }));
    this.#onClosed(this);
  }

  #record(draft: Draft): void {
    const { counters, outbox } = this.#options;
    if (draft.isTruncated) counters.add('kit.scan_truncated');
    if (draft.redactionsOmitted > 0)
      counters.add('kit.redactions_omitted', draft.redactionsOmitted);
    const { redactions } = draft;
    for (const { class: sort } of redactions) counters.add('kit.redacted', 1, sort);
    const fields = redactions.length === 0 ? draft.fields : { ...draft.fields, redactions };
    const body = this.#place(fields);
    if (!Body.safeParse(body).success) {
      this.#drop('malformed');
      return;
    }
    const bytes = this.#serialise(body);
    if (bytes === undefined) this.#drop('oversize');
    else if (!outbox.admits(bytes.length + overheadBytes, { isOwn: false }))
      this.#drop('spool_full');
    else this.#push(bytes);
  }

  /** The body's bytes; cut further when its text is within each field's bound but not within the whole's. */
  #serialise(body: Readonly<Record<string, unknown>>): Buffer | undefined {
    const bytes = Buffer.from(JSON.stringify(body), 'utf8');
    if (bytes.length <= bodySizeBytesMax) return bytes;
    this.#options.counters.add('kit.shrunk');
    return shrink(body, bodySizeBytesMax);
  }

  #place(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return { v: 1, stream: this.id, seq: this.#seq.toString(), ...fields };
  }

  /** Numbers bytes and hands them on: the one place where a number is used up. */
  #push(bytes: Buffer): void {
    this.#options.outbox.push({ body: bytes, erasable: empty });
    this.#options.counters.add('kit.emitted');
    this.#run.add(bytes);
    this.#seq += 1n;
    this.#recordsSinceBeat += 1;
    if (this.#recordsSinceBeat >= this.#options.config.heartbeatRecords) this.#beat();
  }

  /** A record of the kit's own; false when there was no room even in the reserve. */
  #append(fields: Readonly<Record<string, unknown>>): boolean {
    const bytes = this.#bytesOf(fields);
    if (!this.#options.outbox.admits(bytes.length + overheadBytes, { isOwn: true })) {
      this.#options.counters.add('kit.own_records_withheld');
      return false;
    }
    this.#options.counters.add('kit.own_records');
    this.#push(bytes);
    return true;
  }

  #bytesOf(fields: Readonly<Record<string, unknown>>): Buffer {
    return Buffer.from(JSON.stringify(this.#place(fields)), 'utf8');
  }

  #beat(): void {
    this.#beatAtMs = this.#options.clock.monotonicMs();
    this.#recordsSinceBeat = 0;
    this.#tellLosses();
    const body = { kind: 'collector.heartbeat', observedAtNs: this.#now(), ...this.#statement() };
    this.#append(body);
    this.#recordsSinceBeat = 0;
  }

  #statement(): Statement & { readonly signature: string } {
    const statement = {
      upToSeq: (this.#seq - 1n).toString(),
      runHash: this.#run.hex(),
      seen: (this.#seq + this.#losses.dropped).toString(),
      dropped: this.#losses.dropped.toString(),
    };
    return { ...statement, signature: this.#options.key.sign(this.id, statement) };
  }

  #drop(reason: 'malformed' | 'oversize' | 'spool_full'): void {
    this.#options.counters.add('kit.dropped', 1, reason);
    const nowNs = this.#options.clock.nowNs();
    this.#losses.add({ source: 'kit', count: 1n, firstNs: nowNs, lastNs: nowNs, reason });
  }

  /** While the spool is full there is no room for gaps either, except for a stream's last. */
  #tellLosses({ isLast = false }: { readonly isLast?: boolean } = {}): void {
    if (!this.#losses.hasUntold) return;
    if (!isLast && !this.#options.outbox.admits(overheadBytes, { isOwn: false })) return;
    for (let loss = this.#losses.oldest(); loss !== undefined; loss = this.#losses.oldest()) {
      const { source, count, firstNs, lastNs, reason, scope = 'sandbox' } = loss;
      const times = { firstNs: firstNs.toString(), lastNs: lastNs.toString() };
      const gap = { source: source.slice(0, 64), count: count.toString(), ...times, scope, reason };
      // Told before it is written: writing it may call for a heartbeat, which tells losses too.
      this.#losses.told(loss);
      if (this.#append({ kind: 'collector.gap', observedAtNs: this.#now(), ...gap })) continue;
      this.#losses.putBack(loss);
      return;
    }
  }

  #now(): string {
    return this.#options.clock.nowNs().toString();
  }
}
