// One stream's account: that nothing of it is missing, and that its heartbeats hold.
import type { KeyObject } from 'node:crypto';
import { CollectorHeartbeat } from '@sandtrail/schemas/events/collector-heartbeat';
import { CollectorStarted } from '@sandtrail/schemas/events/collector-started';
import { CollectorStopped } from '@sandtrail/schemas/events/collector-stopped';
import type { VerifyCode } from '@sandtrail/schemas/seal';
import { parseBody } from './body-start.ts';
import { decodeBase64, publicKeyOf } from './ed25519.ts';
import { type Hash, hashOfHex, hexOf } from './hash.ts';
import { verifyHeartbeat } from './heartbeat.ts';
import { extendRun, runHashStart } from './run-hash.ts';
import { SeqWindow, type WindowBudget } from './seq-window.ts';

/** Where a record is sealed. */
export interface SealedAt {
  readonly chain: string;
  readonly pos: bigint;
}

/** One record of a stream, as its ledger takes it. */
export interface StreamRecord {
  readonly at: SealedAt;
  readonly seq: number;
  readonly kind: string;
  readonly bodyHash: Hash;
  /** The whole body, for the kinds that the ledger reads; undefined for others. */
  readonly body: Buffer | undefined;
  readonly receivedAtNs: () => bigint | undefined;
}

/** How a ledger tells what it found. */
export type LedgerFinding = (code: VerifyCode, at: SealedAt, detail: string) => void;

/** The kinds whose bodies a ledger reads. */
export const attestingKinds: ReadonlySet<string> = new Set([
  'collector.started',
  'collector.heartbeat',
  'collector.stopped',
]);

interface LedgerOptions {
  readonly stream: string;
  readonly found: LedgerFinding;
  readonly budget: WindowBudget;
}

/** The account of one stream, record by record in order of `seq`. */
export class StreamLedger {
  readonly stream: string;
  readonly window: SeqWindow;
  readonly #found: LedgerFinding;
  #next = 0;
  /** The run hash up to the last record; undefined from a hole to the next heartbeat. */
  #run: Hash | undefined = runHashStart;
  #key: { readonly text: string; readonly publicKey: KeyObject } | undefined;
  #keyMissed = false;
  #closed = false;
  #last: SealedAt | undefined;
  #attestedTo = -1;
  #unattestedSinceNs: bigint | undefined;

  constructor({ stream, found, budget }: LedgerOptions) {
    this.stream = stream;
    this.#found = found;
    this.window = new SeqWindow(budget);
  }

  /** The sequence number that comes next. */
  get next(): number {
    return this.#next;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Where the last record is sealed. */
  get last(): SealedAt | undefined {
    return this.#last;
  }

  /** Events after the last heartbeat of a stream with a key, and when the first of them came. */
  get unattested(): { readonly count: number; readonly sinceNs: bigint | undefined } {
    const count = this.#closed || this.#key === undefined ? 0 : this.#next - 1 - this.#attestedTo;
    return { count, sinceNs: this.#unattestedSinceNs };
  }

  /** Takes the record whose turn it is. */
  take(record: StreamRecord): void {
    const { at, seq, kind, bodyHash } = record;
    if (this.#closed) this.#found('attestation_mismatch', at, `${this.stream} had been closed`);
    const attested = this.#attest(record);
    if (attested !== undefined) this.#run = attested;
    if (this.#run !== undefined) this.#run = extendRun(this.#run, bodyHash);
    this.window.add(seq, bodyHash);
    if (kind === 'collector.heartbeat' || kind === 'collector.stopped') {
      this.#attestedTo = seq;
      this.#unattestedSinceNs = undefined;
    } else {
      this.#unattestedSinceNs ??= record.receivedAtNs();
    }
    this.#next = seq + 1;
    this.#last = at;
  }

  /** Goes on at `seq`; what lies before it is missing. */
  skipTo(seq: number): void {
    this.window.skip(this.#next, seq);
    if (this.#next === 0) this.#keyMissed = true;
    this.#next = seq;
    this.#run = undefined;
  }

  /** Reads what the stream says of itself; returns a run hash to go on from after a hole. */
  #attest(record: StreamRecord): Hash | undefined {
    if (record.body === undefined) return undefined;
    switch (record.kind) {
      case 'collector.started':
        this.#open(record.at, record.body);
        return undefined;
      case 'collector.heartbeat':
        return this.#heartbeat(record, record.body);
      case 'collector.stopped': {
        const run = this.#heartbeat(record, record.body);
        this.#closed = true;
        return run;
      }
      default:
        return undefined;
    }
  }

  #open(at: SealedAt, body: Buffer): void {
    const started = CollectorStarted.safeParse(parseBody(body));
    const text = started.data?.publicKey ?? '';
    const publicKey = publicKeyOf(decodeBase64(text) ?? new Uint8Array());
    if (publicKey === undefined)
      this.#found('attestation_mismatch', at, `${this.stream} opens without a usable key`);
    else if (this.#key === undefined) this.#key = { text, publicKey };
    else if (this.#key.text !== text)
      this.#found('attestation_mismatch', at, `${this.stream} changes its key within its epoch`);
  }

  #heartbeat({ at, seq, kind }: StreamRecord, body: Buffer): Hash | undefined {
    const schema = kind === 'collector.stopped' ? CollectorStopped : CollectorHeartbeat;
    const parsed = schema.safeParse(parseBody(body));
    const wrong = (what: string): undefined => {
      this.#found('attestation_mismatch', at, `${this.stream} at sequence number ${seq}: ${what}`);
    };
    if (!parsed.success) return wrong('the heartbeat is malformed');
    const { upToSeq, runHash, seen, dropped, signature, stream } = parsed.data;
    const key = this.#key;
    // A stream whose opening is missing was named for that; its key cannot be known.
    if (key === undefined) return this.#keyMissed ? undefined : wrong('no collector.started');
    if (upToSeq !== BigInt(seq) - 1n) return wrong(`it covers up to ${upToSeq}`);
    const numbers = { upToSeq: `${upToSeq}`, seen: `${seen}`, dropped: `${dropped}` };
    const valid = verifyHeartbeat({ stream, runHash, ...numbers, signature }, key.publicKey);
    if (!valid) return wrong('the signature is not of the key that opened the stream');
    if (this.#run !== undefined && hexOf(this.#run) !== runHash)
      wrong('the records up to it are not those that the collector signed');
    return hashOfHex(runHash);
  }
}
