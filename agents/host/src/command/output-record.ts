// One channel of a command's output as `command.output` pieces: cut between lines, bounded, hashed.
import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Redaction } from '@sandtrail/schemas/body';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { Scanner } from '@sandtrail/secrets/scanner';
import { holdBack, type StreamPiece, StreamScanner } from '@sandtrail/secrets/stream-scanner';

/** How much text the channels of one sandbox may still record; shared by them. */
export interface TextBudget {
  leftBytes: number;
}

/** Takes a piece, with what was masked in it. */
export type EmitOutput = (
  observation: ObservationOf<'command.output'>,
  redactions: readonly Redaction[],
) => void;

interface OutputRecordOptions {
  readonly channel: ObservationOf<'command.output'>['channel'];
  readonly budget: TextBudget;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly emit: EmitOutput;
}

/** A piece is cut when it holds so many characters, at the last line end or blank. */
const pieceCharsMax = 16_384;
/** Whole lines wait so long for more; a line that is not finished waits `partialLineMs`. */
const idleMs = holdBack.ms;
const partialLineMs = 1_000;

/** Records one channel. The bytes themselves go to the user by another way, unchanged. */
export class OutputRecord {
  readonly #options: OutputRecordOptions;
  readonly #hash = createHash('sha256');
  readonly #decoder = new StringDecoder('utf8');
  readonly #guard: StreamScanner;
  /** Without secrets: what has passed the guard and waits for a good place to be cut. */
  #text = '';
  #redactions: Redaction[] = [];
  #startByte = 0;
  #sizeBytes = 0;
  #omittedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutputRecordOptions) {
    this.#options = options;
    this.#guard = new StreamScanner({ scanner: options.scanner, field: 'text' });
  }

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes what the command wrote. */
  write(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#sizeBytes += chunk.length;
    const { budget } = this.#options;
    const taken = chunk.subarray(0, Math.max(0, budget.leftBytes));
    budget.leftBytes -= taken.length;
    this.#omittedBytes += chunk.length - taken.length;
    if (taken.length === 0) return;
    this.#take(this.#guard.push(this.#decoder.write(taken)));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#idle(), idleMs);
  }

  /** Emits the last piece, with the hash of all bytes and the number of those that were left out. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#sizeBytes === 0) return;
    this.#take(this.#guard.push(this.#decoder.end()));
    this.#take(this.#guard.end());
    const omitted = this.#omittedBytes === 0 ? {} : { omittedBytes: this.#omittedBytes };
    const last = { sha256: this.#hash.digest('hex'), ...omitted };
    this.#cut(this.#text.length, last);
  }

  #take({ text, redactions }: StreamPiece): void {
    this.#text += text;
    this.#redactions.push(...redactions);
    while (this.#text.length >= pieceCharsMax) this.#cut(border(this.#text, pieceCharsMax), {});
  }

  /** Nothing has come for a while: whole lines are emitted now, the rest of a line a little later. */
  #idle(): void {
    this.#take(this.#guard.release());
    const lines = this.#text.lastIndexOf('\n') + 1;
    if (lines > 0) this.#cut(lines, {});
    if (this.#text === '') return;
    this.#timer = setTimeout(() => this.#cut(this.#text.length, {}), partialLineMs);
  }

  #cut(at: number, last: Pick<ObservationOf<'command.output'>, 'sha256' | 'omittedBytes'>): void {
    const { channel, clock, emit } = this.#options;
    const text = this.#text.slice(0, at);
    this.#text = this.#text.slice(at);
    // Counted in the text as it is recorded: masks have another length than what they stand for.
    const sizeBytes = Buffer.byteLength(text);
    const observedAtNs = clock.nowNs().toString();
    const piece = { channel, startByte: this.#startByte, sizeBytes, text, ...last };
    emit({ kind: 'command.output', observedAtNs, ...piece }, this.#redactions);
    this.#redactions = [];
    this.#startByte += sizeBytes;
  }
}

/** Where to cut: after the last line end, else after the last blank, else in the middle of a word. */
function border(text: string, max: number): number {
  const head = text.slice(0, max);
  const end = head.lastIndexOf('\n');
  if (end >= 0) return end + 1;
  const blank = head.lastIndexOf(' ');
  if (blank > max / 2) return blank + 1;
  // A cut between the halves of a surrogate pair would leave two strings that are not well-formed.
  return /[\uD800-\uDBFF]$/.test(head) ? max - 1 : max;
}
