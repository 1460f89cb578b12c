// Cuts a byte stream into lines of bounded length.

const newline = 0x0a;

/** A whole line, or that one was too long and is being skipped. */
export type SplitLine = { readonly line: Buffer } | { readonly oversize: true };

/** Holds at most one unfinished line of `sizeBytesMax`. */
export class LineSplitter {
  readonly #sizeBytesMax: number;
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #isSkipping = false;

  constructor(options: { readonly sizeBytesMax: number }) {
    this.#sizeBytesMax = options.sizeBytesMax;
  }

  /** The lines that end in `chunk`; an oversize line is told once, where it passes the bound. */
  *push(chunk: Buffer): Generator<SplitLine> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const isOver = this.#add(chunk.subarray(start, end));
      if (isOver) yield { oversize: true };
      if (!this.#isSkipping) yield { line: Buffer.concat(this.#parts) };
      this.#parts = [];
      this.#sizeBytes = 0;
      this.#isSkipping = false;
      start = end + 1;
    }
    if (this.#add(chunk.subarray(start))) yield { oversize: true };
  }

  /** Adds to the line under way; true when it has just passed the bound. */
  #add(part: Buffer): boolean {
    if (this.#isSkipping) return false;
    this.#sizeBytes += part.length;
    if (this.#sizeBytes <= this.#sizeBytesMax) {
      if (part.length > 0) this.#parts.push(part);
      return false;
    }
    this.#isSkipping = true;
    this.#parts = [];
    return true;
  }
}
