// Every stream's account over all chains: loss, forgery and repetition before the log.
import { SandboxDestroyed } from '@sandtrail/schemas/events/sandbox-destroyed';
import { parseBody, readBodyStart, receivedAtNs } from './body-start.ts';
import { DamageMap } from './damage-map.ts';
import type { FindingLog } from './finding-log.ts';
import { sha256 } from './hash.ts';
import type { SealedRow } from './row.ts';
import type { WindowBudget } from './seq-window.ts';
import {
  attestingKinds,
  type LedgerFinding,
  type SealedAt,
  StreamLedger,
  type StreamRecord,
} from './stream-ledger.ts';

/** Streams with an account at one time; past it the oldest are closed and forgotten. */
const streamsMax = 32_768;
/** Records that may wait for an earlier sequence number, over all streams. */
const waitingMax = 131_072;
/** Entries of all comparison windows together: 24 MB. */
const windowEntriesMax = 3_000_000;
/** Ends of streams that `sandbox.destroyed` records state, kept for the end. */
const statedEndsMax = 65_536;
/**
 * A heartbeat comes at most 5 s after what it covers. A stream whose last events came within this
 * time of the newest record may simply be alive.
 */
const aliveWindowNs = 15_000_000_000n;
const timeSampleRows = 64;

interface StatedEnd {
  readonly at: SealedAt;
  readonly stream: string;
  readonly lastSeq: bigint;
  readonly timeNs: bigint | undefined;
}

/** The accounts of all streams. Feed it sound rows only, chain after chain. */
export class Producers {
  readonly #findings: FindingLog;
  readonly #ledgers = new Map<string, StreamLedger>();
  readonly #waiting = new Map<string, Map<number, StreamRecord>>();
  readonly #damage = new DamageMap();
  readonly #budget: WindowBudget = { left: windowEntriesMax };
  readonly #closed: StreamLedger[] = [];
  readonly #statedEnds: StatedEnd[] = [];
  #waitingCount = 0;
  #forgotten = false;
  #rows = 0;
  #newestNs = 0n;

  constructor(findings: FindingLog) {
    this.#findings = findings;
  }

  /** A row whose content is what was sealed. */
  take(chain: string, row: SealedRow): void {
    const start = readBodyStart(row.body);
    if (start === undefined) return;
    this.#rows += 1;
    if (this.#rows % timeSampleRows === 0) this.#timeOf(row);
    const ledger = this.#ledgerOf(start.stream);
    const at = { chain, pos: row.pos };
    const record = {
      at,
      seq: Number(start.seq),
      kind: start.kind,
      bodyHash: sha256(row.body),
      body: attestingKinds.has(start.kind) ? row.body : undefined,
      receivedAtNs: () => this.#timeOf(row),
    };
    if (!Number.isSafeInteger(record.seq) || record.seq < 0) {
      this.#found('producer_gap', at, `${start.stream} has a record without a countable number`);
      return;
    }
    if (start.kind === 'sandbox.destroyed') this.#noteEnds(at, row);
    if (record.seq === ledger.next) this.#advance(ledger, record);
    else if (record.seq < ledger.next) this.#repeated(ledger, record);
    else this.#wait(ledger, record);
  }

  /** Positions of a chain that cannot be relied on: holes there are explained already. */
  damaged(chain: string, from: bigint, to: bigint): void {
    this.#damage.add(chain, { from, to });
  }

  /** Ends all accounts. With chains or rows known to be missing, holes say nothing new. */
  end({ complete }: { readonly complete: boolean }): void {
    if (!complete) this.#damage.addAll();
    for (const ledger of this.#ledgers.values()) this.#settle(ledger);
    for (const end of this.#statedEnds) this.#judgeEnd(end);
    for (const ledger of this.#ledgers.values()) this.#tail(ledger);
  }

  #advance(ledger: StreamLedger, record: StreamRecord): void {
    ledger.take(record);
    const waiting = this.#waiting.get(ledger.stream);
    for (let next = waiting?.get(ledger.next); next; next = waiting?.get(ledger.next)) {
      waiting?.delete(ledger.next);
      this.#waitingCount -= 1;
      ledger.take(next);
    }
    if (waiting?.size === 0) this.#waiting.delete(ledger.stream);
    if (ledger.closed) this.#closed.push(ledger);
    while (this.#budget.left < 0 && this.#closed.length > 0) this.#closed.shift()?.window.release();
  }

  #repeated(ledger: StreamLedger, { seq, bodyHash, at }: StreamRecord): void {
    const what = `sequence number ${seq} of ${ledger.stream}`;
    switch (ledger.window.compare(seq, bodyHash)) {
      case 'same':
        this.#findings.count(finding('retransmission', at, `${what} came again`));
        return;
      case 'other':
        this.#found('producer_equivocation', at, `${what} came again with another body`);
        return;
      default:
        this.#found('producer_equivocation', at, `${what} came again, too late to be compared`);
    }
  }

  #wait(ledger: StreamLedger, record: StreamRecord): void {
    const waiting = this.#waiting.get(ledger.stream) ?? new Map<number, StreamRecord>();
    this.#waiting.set(ledger.stream, waiting);
    const earlier = waiting.get(record.seq);
    if (earlier !== undefined) {
      const same = earlier.bodyHash === record.bodyHash;
      const what = `sequence number ${record.seq} of ${ledger.stream} came again`;
      if (same) this.#findings.count(finding('retransmission', record.at, what));
      else this.#found('producer_equivocation', record.at, `${what} with another body`);
      return;
    }
    // The row is let go: what may be asked of it later is read now.
    const timeNs = record.receivedAtNs();
    waiting.set(record.seq, { ...record, receivedAtNs: () => timeNs });
    this.#waitingCount += 1;
    if (this.#waitingCount > waitingMax) this.#settleHole(ledger, waiting);
  }

  /** Names what is missing before the first record that waits, and goes on from there. */
  #settleHole(ledger: StreamLedger, waiting: Map<number, StreamRecord>): void {
    let seq = Number.POSITIVE_INFINITY;
    for (const candidate of waiting.keys()) seq = Math.min(seq, candidate);
    const record = waiting.get(seq);
    if (record === undefined) return;
    const { next, last, stream } = ledger;
    const explained = this.#damage.explains(last, record.at) || (next === 0 && this.#forgotten);
    if (!explained) {
      const missing = next === seq - 1 ? `${next} is` : `${next} to ${seq - 1} are`;
      const detail = `${stream}: sequence number ${missing} missing before this record`;
      this.#found('producer_gap', record.at, detail);
    }
    waiting.delete(seq);
    this.#waitingCount -= 1;
    ledger.skipTo(seq);
    this.#advance(ledger, record);
  }

  #settle(ledger: StreamLedger): void {
    for (
      let left = this.#waiting.get(ledger.stream);
      left;
      left = this.#waiting.get(ledger.stream)
    ) {
      this.#settleHole(ledger, left);
      if (left.size === 0) this.#waiting.delete(ledger.stream);
    }
  }

  #tail(ledger: StreamLedger): void {
    const { unattested, last, stream } = ledger;
    if (last === undefined || unattested.count === 0) return;
    if (this.#isRecent(unattested.sinceNs) || this.#damage.isDamaged(last.chain)) return;
    const detail = `${stream} never closed: its last ${unattested.count} events follow its last heartbeat, so their completeness is not attested`;
    this.#found('unattested_tail', last, detail);
  }

  #noteEnds(at: SealedAt, row: SealedRow): void {
    const destroyed = SandboxDestroyed.safeParse(parseBody(row.body));
    if (!destroyed.success) return;
    const timeNs = this.#timeOf(row);
    for (const { stream, lastSeq } of destroyed.data.streams)
      this.#statedEnds.push({ at, stream, lastSeq, timeNs });
    // The oldest ends are judged early when there are very many: their streams have long ended.
    while (this.#statedEnds.length > statedEndsMax) {
      const oldest = this.#statedEnds.shift();
      if (oldest !== undefined) this.#judgeEnd(oldest);
    }
  }

  /** A stream must reach the number that `sandbox.destroyed` states. */
  #judgeEnd({ at, stream, lastSeq, timeNs }: StatedEnd): void {
    const next = this.#ledgers.get(stream)?.next ?? 0;
    if (lastSeq < BigInt(next) || this.#isRecent(timeNs) || this.#forgotten) return;
    if (this.#damage.isDamaged(at.chain)) return;
    const detail = `${stream} ends at sequence number ${next - 1}, not at ${lastSeq} as stated`;
    this.#found('producer_gap', at, detail);
  }

  #ledgerOf(stream: string): StreamLedger {
    const known = this.#ledgers.get(stream);
    if (known !== undefined) return known;
    if (this.#ledgers.size >= streamsMax) this.#forgetOne();
    const ledger = new StreamLedger({ stream, found: this.#found, budget: this.#budget });
    this.#ledgers.set(stream, ledger);
    return ledger;
  }

  #forgetOne(): void {
    const oldest = this.#closed.shift() ?? this.#ledgers.values().next().value;
    if (oldest === undefined) return;
    this.#settle(oldest);
    this.#tail(oldest);
    oldest.window.release();
    this.#ledgers.delete(oldest.stream);
    this.#forgotten = true;
  }

  #timeOf(row: SealedRow): bigint | undefined {
    const timeNs = receivedAtNs(row.header);
    if (timeNs !== undefined && timeNs > this.#newestNs) this.#newestNs = timeNs;
    return timeNs;
  }

  #isRecent(timeNs: bigint | undefined): boolean {
    return timeNs !== undefined && timeNs + aliveWindowNs >= this.#newestNs;
  }

  readonly #found: LedgerFinding = (code, at, detail) => {
    this.#findings.add(finding(code, at, detail));
  };
}

function finding(code: Parameters<LedgerFinding>[0], { chain, pos }: SealedAt, detail: string) {
  return { code, chain, position: pos, detail };
}
