// Takes batches of records from whatever door they came in by: admits, drops repeats, appends.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Place } from '@sandtrail/bus/bus';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Spans } from '@sandtrail/runtime/spans';
import type { BatchedRecord, RecordBatchAnswer } from '@sandtrail/schemas/record-batch';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { parseStream } from '@sandtrail/schemas/stream';
import type { Admit, AdmittedRecord, RefusedRecord } from './admit.ts';
import { hostSandbox } from './binding.ts';
import type { Credential } from './grant.ts';
import type { OwnSubject } from './own-records.ts';
import type { Refusals } from './refusals.ts';
import type { SeenRecord, SeenWindow } from './seen-window.ts';

interface IntakeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly admit: Admit;
  readonly seen: SeenWindow;
  readonly refusals: Refusals;
  readonly spans: Spans;
}

/** Records admitted in one go before other connections have their turn: some 2 ms of work. */
const sliceRecords = 256;

/** What has become of a batch so far. */
interface Progress {
  readonly batch: number;
  readonly frames: Map<string, { readonly place: Place; readonly values: Buffer[] }>;
  readonly fresh: SeenRecord[];
  readonly refused: RecordBatchAnswer['refused'];
  duplicates: number;
}

/** The way into the log. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every record that is not refused is durable. Records of one batch for one place
   * are appended together, all or none.
   * @throws SandtrailError as `Bus.append`: then it is not known what became of the batch, and the
   * sender sends the same again
   */
  take(credential: Credential, records: readonly BatchedRecord[]): Promise<RecordBatchAnswer> {
    const fields = { records: records.length, grant: credential.grant.type };
    return this.#options.spans.around('gateway.batch', fields, () =>
      this.#take(credential, records),
    );
  }

  async #take(
    credential: Credential,
    records: readonly BatchedRecord[],
  ): Promise<RecordBatchAnswer> {
    const { bus, clock, counters, seen } = this.#options;
    const receivedAtNs = clock.nowNs();
    counters.add('gateway.received', records.length);
    const progress: Progress = {
      batch: seen.begin(),
      frames: new Map(),
      fresh: [],
      refused: [],
      duplicates: 0,
    };
    let failed: readonly SeenRecord[] = progress.fresh;
    try {
      for (let index = 0; index < records.length; index += 1) {
        if (index > 0 && index % sliceRecords === 0) await nextTurn();
        const record = records[index];
        if (record === undefined) continue;
        const result = this.#options.admit({ credential, ...record, receivedAtNs });
        if (result.ok) this.#accept(result, progress);
        else this.#refuse({ result, credential, index }, progress);
      }
      const appends = [...progress.frames.values()].map(({ place, values }) =>
        bus.append(place, values),
      );
      await Promise.all(appends);
      failed = [];
    } catch (error) {
      counters.add('gateway.failed', records.length - progress.refused.length);
      throw error;
    } finally {
      seen.settle(progress.batch, { failed });
    }
    const accepted = records.length - progress.refused.length - progress.duplicates;
    counters.add('gateway.accepted', accepted);
    counters.add('gateway.duplicates', progress.duplicates);
    return { accepted, duplicates: progress.duplicates, refused: progress.refused };
  }

  #accept(record: AdmittedRecord, progress: Progress) {
    const { place, frame, stream, seq, bodyHash } = record;
    const identity = { stream, seq, bodyHash, batch: progress.batch };
    switch (this.#options.seen.note(identity)) {
      case 'retransmission':
        progress.duplicates += 1;
        return;
      case 'equivocation':
        // It goes into the log as evidence; the verifier names it.
        this.#options.counters.add('gateway.equivocations');
        break;
      case 'fresh':
        progress.fresh.push(identity);
        break;
    }
    const name = `${place.topic}-${place.partition}`;
    const frames = progress.frames.get(name);
    if (frames === undefined) progress.frames.set(name, { place, values: [frame] });
    else frames.values.push(frame);
  }

  #refuse(refusal: RefusalContext, progress: Progress) {
    const { result, credential, index } = refusal;
    const { code, detail, claimed } = result;
    progress.refused.push({ index, code, detail });
    this.#options.counters.add('gateway.refused', 1, code);
    const subject = subjectOf(credential);
    if (subject === undefined) return;
    this.#options.refusals.add({
      subject,
      code,
      claimedKind: claimed?.kind,
      claimedSandbox: claimed && parseStream(claimed.stream).sandbox,
    });
  }
}

interface RefusalContext {
  readonly result: RefusedRecord;
  readonly credential: Credential;
  readonly index: number;
}

/** Whom a refusal is about: the sandbox that the connection is bound to, or the node itself. */
export function subjectOf({ grant, tenant }: Credential): OwnSubject | undefined {
  switch (grant.type) {
    case 'host':
      return { tenant, sandbox: SandboxUid.parse(hostSandbox(grant.node)), incarnation: 0 };
    case 'sandbox':
      return { tenant, sandbox: grant.uid, incarnation: 0 };
    case 'sockets':
    case 'service':
      return undefined;
    default:
      return grant satisfies never;
  }
}
