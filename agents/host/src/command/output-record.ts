// One channel of a command's output as `command.output` pieces: cut between lines, bounded, hashed.
import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@sandtrail/runtime/clock';
import type { ObservationOf } from '@sandtrail/schemas/observation';

/** How much text the channels of one sandbox may still record; shared by them. */
export interface TextBudget {
  leftBytes: number;
}

interface OutputRecordOptions {
  readonly channel: ObservationOf<'command.output'>['channel'];
  readonly budget: TextBudget;
  readonly clock: Clock;
  readonly emit: (observation: ObservationOf<'command.output'>) => void;
}

/** A piece is cut when it holds so many characters, at the last line end or blank. */
const pieceCharsMax = 16_384;
/** Whole lines wait so long for more; a line that is not finished waits `partialLineMs`. */
const idleMs = 100;
const partialLineMs = 1_000;
/** A private key spans lines: it stays in one piece, so that the scanner sees it whole. */
const keyBlock = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----(?![\s\S]*-----END )/;

/** Records one channel. The bytes themselves go to the user by another way, unchanged. */
export class OutputRecord {
  readonly #options: OutputRecordOptions;
  readonly #hash = createHash('sha256');
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #offset = 0;
  #sizeBytes = 0;
  #omittedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutputRecordOptions) {
    this.#options = options;
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
    this.#text += this.#decoder.write(taken);
    while (this.#text.length >= pieceCharsMax) this.#cut(border(this.#text, pieceCharsMax));
    this.#wait(idleMs);
  }

  /** Emits the last piece, with the hash of all bytes and the number of those that were left out. */
  end(): void {
    clearTimeout(this.#timer);
    this.#text += this.#decoder.end();
    if (this.#sizeBytes === 0) return;
    const omitted = this.#omittedBytes === 0 ? {} : { omittedBytes: this.#omittedBytes };
    this.#emit(this.#text, { sha256: this.#hash.digest('hex'), ...omitted });
    this.#text = '';
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#text === '') return;
    this.#timer = setTimeout(() => {
      const lines = keyBlock.test(this.#text) ? 0 : this.#text.lastIndexOf('\n') + 1;
      if (ms === partialLineMs) this.#cut(this.#text.length);
      else {
        if (lines > 0) this.#cut(lines);
        this.#wait(partialLineMs);
      }
    }, ms);
  }

  #cut(at: number): void {
    this.#emit(this.#text.slice(0, at), {});
    this.#text = this.#text.slice(at);
  }

  #emit(text: string, last: { readonly sha256?: string; readonly omittedBytes?: number }): void {
    const { channel, clock, emit } = this.#options;
    // U+FFFD stands for bytes that are not UTF-8: the size is then that of the text, not of them.
    const sizeBytes = Buffer.byteLength(text);
    const observedAtNs = clock.nowNs().toString();
    const offset = this.#offset;
    emit({ kind: 'command.output', observedAtNs, channel, offset, sizeBytes, text, ...last });
    this.#offset += sizeBytes;
  }
}

/** Where to cut: after the last line end, else after the last blank, else in the middle of a word. */
function border(text: string, max: number): number {
  const head = text.slice(0, max);
  const open = keyBlock.exec(head)?.index ?? 0;
  if (open > 0) return open;
  const end = head.lastIndexOf('\n');
  if (end >= 0) return end + 1;
  const blank = head.lastIndexOf(' ');
  if (blank > max / 2) return blank + 1;
  // A cut between the halves of a surrogate pair would leave two strings that are not well-formed.
  return /[\uD800-\uDBFF]$/.test(head) ? max - 1 : max;
}
