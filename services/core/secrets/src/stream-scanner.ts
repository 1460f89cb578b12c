// Scanning of a stream in pieces of any size: the same findings as for the whole, and text held back
// only as long as a secret may still be growing in it.
import { createHmac, type Hmac } from 'node:crypto';
import type { Redaction } from '@sandtrail/schemas/body';
import { maskedForm } from './mask.ts';
import { describe, maskOf } from './redact.ts';
import type { Scanner } from './scanner.ts';
import { endOfRun, runCharsMax, type Span, undominated } from './span.ts';

/** What a stream lets go of: text without secrets, and what was masked (offsets in the whole stream). */
export interface StreamPiece {
  readonly text: string;
  readonly redactions: readonly Redaction[];
}

/** How long text may be held back for the sake of a secret that is split. */
export const holdBack = { charsMax: 400, ms: 250 } as const;

/** Raw text kept behind what was let go of, so that look-behinds see what they would in the whole. */
const contextChars = 256;
/** New text that is gathered before it is looked at: this makes single characters cheap. */
const stepChars = 256;

interface OpenRun {
  readonly span: Span;
  readonly hmac: Hmac;
  readonly masked: string;
  length: number;
  /** False when a better believed span tells of it. */
  readonly isTold: boolean;
}

interface StreamOptions {
  readonly scanner: Scanner;
  /** What the redactions name as their field. */
  readonly field: string;
}

/**
 * One channel of one sandbox, such as its standard output. Encodings are not undone here, since a
 * piece may end anywhere in them; the kit does that on each record.
 */
export class StreamScanner {
  readonly #scanner: Scanner;
  readonly #field: string;
  /** Raw text from `#base` on: context, then what is held back. */
  #raw = '';
  #base = 0;
  /** All spans that start before this have been told; text before `#emitted` has been let go of. */
  #settled = 0;
  #emitted = 0;
  #maskEnd = -1;
  #open: OpenRun[] = [];
  /** By tier, the end of the last span that ran on: what starts before it lies inside it. */
  readonly #runEnds = [0, 0, 0, 0];
  /** Spans after `#settled` that a release has told already, by rule and start. */
  readonly #told = new Set<string>();

  constructor({ scanner, field }: StreamOptions) {
    this.#scanner = scanner;
    this.#field = field;
  }

  /** Characters that are held back now. */
  get heldChars(): number {
    return this.#base + this.#raw.length - this.#emitted;
  }

  /** Takes the next piece and lets go of what is certain. */
  push(chunk: string): StreamPiece {
    this.#raw += chunk;
    const end = this.#base + this.#raw.length;
    const redactions = this.#open.length === 0 ? [] : this.#continueRuns(end - chunk.length);
    const cut = end - holdBack.charsMax;
    if (cut - this.#settled < stepChars) return { text: '', redactions };
    return this.#advance(cut, { told: redactions, isEnd: false });
  }

  /**
   * Lets go of all that is held, because it has been held for `holdBack.ms`. A secret that goes on
   * afterwards is still found, and the rest of it masked.
   */
  release(): StreamPiece {
    const end = this.#base + this.#raw.length;
    const settled = this.#settled;
    const piece = this.#advance(end, { told: [], isEnd: false });
    this.#settled = Math.max(settled, end - holdBack.charsMax);
    return piece;
  }

  /** Ends the stream: everything is let go of, and runs that are still open are told. */
  end(): StreamPiece {
    const piece = this.#advance(this.#base + this.#raw.length, { told: [], isEnd: true });
    return { text: piece.text, redactions: [...piece.redactions, ...this.#closeRuns()] };
  }

  #advance(
    wanted: number,
    { told, isEnd }: { readonly told: readonly Redaction[]; readonly isEnd: boolean },
  ): StreamPiece {
    const cut = isEnd ? wanted : this.#wholeCharacter(wanted);
    const { spans } = this.#scanner.scan(this.#raw, { decode: false });
    const redactions = [...told];
    const worthTelling = new Set(undominated(spans));
    const out: string[] = [];
    for (const local of spans) {
      const span = { ...local, start: local.start + this.#base, end: local.end + this.#base };
      if (span.start < this.#settled || span.start >= cut) continue;
      const isTold = worthTelling.has(local) && !this.#isInsideRun(span);
      const key = `${span.rule} ${span.start}`;
      const isNew = !this.#told.has(key);
      this.#told.add(key);
      this.#paint(span, local, out);
      if (local.ranOn !== undefined) this.#noteRun(span, span.end);
      const goesOn = local.ranOn !== undefined && local.end === this.#raw.length && !isEnd;
      if (isNew && goesOn) this.#openRun(span, local, isTold);
      else if (isNew && isTold) redactions.push(this.#describe(local));
    }
    if (cut > this.#emitted) {
      out.push(this.#slice(this.#emitted, cut));
      this.#emitted = cut;
    }
    this.#settle(cut);
    return { text: copy(out.join('')), redactions };
  }

  /** Lets go of the text before a span and puts its mask; joined masks become one. */
  #paint(span: Span, local: Span, out: string[]): void {
    if (span.end <= this.#emitted) return;
    const from = Math.max(this.#emitted, span.start);
    out.push(this.#slice(this.#emitted, from));
    if (from !== this.#maskEnd) out.push(maskOf(local, this.#raw));
    this.#emitted = span.end;
    this.#maskEnd = span.end;
  }

  #describe(local: Span): Redaction {
    const source = { scanner: this.#scanner, text: this.#raw, field: this.#field };
    const told = describe(source, local);
    return { ...told, start: told.start + this.#base };
  }

  #isInsideRun(span: Span): boolean {
    return this.#runEnds.some((end, tier) => tier <= span.tier && span.start < end);
  }

  #noteRun(span: Span, end: number): void {
    this.#runEnds[span.tier] = Math.max(this.#runEnds[span.tier] ?? 0, end);
  }

  #openRun(span: Span, local: Span, isTold: boolean): void {
    const secret = local.secret ?? this.#raw.slice(local.start, local.end);
    const hmac = createHmac('sha256', this.#scanner.key).update(secret, 'utf8');
    this.#open.push({
      span,
      hmac,
      masked: maskedForm(secret, true),
      length: secret.length,
      isTold,
    });
  }

  /** Feeds runs that were open at `from` with what has come since; tells those that end. */
  #continueRuns(from: number): readonly Redaction[] {
    const redactions: Redaction[] = [];
    const still: OpenRun[] = [];
    for (const run of this.#open) {
      const sort = run.span.ranOn ?? 'token';
      const until = run.span.start + runCharsMax - this.#base;
      const end = endOfRun(this.#raw, sort, from - this.#base, Math.max(until, from - this.#base));
      const more = this.#raw.slice(from - this.#base, end);
      run.hmac.update(more, 'utf8');
      run.length += more.length;
      this.#swallow(run.span, this.#base + end);
      if (end === this.#raw.length && end < until) still.push(run);
      else if (run.isTold) redactions.push(this.#close(run));
    }
    this.#open = still;
    return redactions;
  }

  #swallow(span: Span, end: number): void {
    this.#noteRun(span, end);
    if (end <= this.#emitted) return;
    this.#emitted = end;
    this.#maskEnd = end;
  }

  #closeRuns(): readonly Redaction[] {
    const redactions = this.#open.filter((run) => run.isTold).map((run) => this.#close(run));
    this.#open = [];
    return redactions;
  }

  #close({ span, hmac, masked, length }: OpenRun): Redaction {
    const { rule, class: sort, start } = span;
    const fingerprint = hmac.digest('hex');
    return { field: this.#field, rule, class: sort, start, length, masked, fingerprint };
  }

  /** Forgets what no later look can need. */
  #settle(cut: number): void {
    this.#settled = cut;
    const keep = Math.max(
      this.#base,
      Math.min(this.#emitted, cut - holdBack.charsMax) - contextChars,
    );
    this.#raw = copy(this.#raw.slice(keep - this.#base));
    this.#base = keep;
    if (this.#told.size === 0) return;
    for (const key of this.#told) {
      if (Number(key.slice(key.indexOf(' ') + 1)) < keep) this.#told.delete(key);
    }
  }

  /** A cut that does not go through a surrogate pair. */
  #wholeCharacter(cut: number): number {
    const code = this.#raw.charCodeAt(cut - this.#base - 1);
    return code >= 0xd800 && code < 0xdc00 ? cut - 1 : cut;
  }

  #slice(from: number, to: number): string {
    return this.#raw.slice(from - this.#base, to - this.#base);
  }
}

/** A string of its own: a slice would keep its whole parent in memory. */
function copy(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf16le').toString('utf16le');
}
