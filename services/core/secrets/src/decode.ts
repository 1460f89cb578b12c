// Undoes encodings, so that a wrapped secret is found as a plain one is: base64, base32, hex, percent, escapes, gzip.
import { isAscii } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { decodeBytes, findRuns, looksDecodable, type Run, shapes } from './encoded-run.ts';
import type { Codec } from './span.ts';

/** A text as it was before somebody encoded it, and where its pieces stand in the encoded text. */
export interface View {
  readonly codec: Codec;
  readonly text: string;
  /** The piece of the encoded text that the characters `start` to `end` of `text` came from. */
  readonly locate: (start: number, end: number) => readonly [number, number];
}

/** What may still be spent on one text; `isOver` once something had to be left undone. */
export interface Budget {
  charsLeft: number;
  viewsLeft: number;
  isOver: boolean;
}

/** The views of a text, one level down. Spends `budget`, and says in it when that was not enough. */
export function* viewsOf(text: string, budget: Budget): Generator<View> {
  if (text.includes('%'))
    yield* spend(replaced(text, 'percent', percentEscape, unpercented), budget);
  if (text.includes('\\')) yield* spend(replaced(text, 'escape', backslash, unescaped), budget);
  for (const run of findRuns(text)) yield* spend(decodeRun(text, run, budget), budget);
}

/** The views of a domain name: its labels joined, as tunnels over DNS split what they carry. */
export function* viewsOfName(name: string, budget: Budget): Generator<View> {
  const dots = replaced(name, 'dns', /\./g, () => '');
  if (dots === undefined) return;
  for (const text of [dots.text, dots.text.toUpperCase()]) yield* spend({ ...dots, text }, budget);
}

function* spend(view: View | undefined, budget: Budget): Generator<View> {
  if (view === undefined) return;
  if (budget.viewsLeft === 0 || view.text.length > budget.charsLeft) {
    budget.isOver = true;
    return;
  }
  budget.viewsLeft -= 1;
  budget.charsLeft -= view.text.length;
  yield view;
}

const percentEscape = /(?:%[0-9A-Fa-f]{2})+/g;
const backslash = /\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|["'\\/nrtbf])/g;
const simple: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function unpercented(escapes: string): string {
  return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8');
}

function unescaped(piece: string): string {
  const sort = piece.charAt(1);
  const isCode = sort === 'u' || sort === 'x';
  return isCode ? String.fromCharCode(Number.parseInt(piece.slice(2), 16)) : (simple[sort] ?? sort);
}

/** Replaces pieces and remembers where each stood; nothing when there is no such piece. */
function replaced(
  text: string,
  codec: Codec,
  pattern: RegExp,
  replacement: (piece: string) => string,
): View | undefined {
  const out: string[] = [];
  /** Ends of replaced pieces: in the new text and in the old, ascending. */
  const after: { readonly here: number; readonly there: number; readonly size: number }[] = [];
  let here = 0;
  let there = 0;
  for (const match of text.matchAll(pattern)) {
    const piece = replacement(match[0]);
    out.push(text.slice(there, match.index), piece);
    here += match.index - there + piece.length;
    there = match.index + match[0].length;
    after.push({ here, there, size: piece.length });
  }
  if (after.length === 0) return undefined;
  out.push(text.slice(there));
  const origin = (at: number, isEnd: boolean) => {
    let low = 0;
    let high = after.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((after[middle]?.here ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    const last = after[low - 1];
    const place = last === undefined ? at : last.there + (at - last.here);
    const following = after[low];
    // Inside a replaced piece: its whole origin belongs to whoever touches it.
    if (following === undefined || at <= following.here - following.size) return place;
    return isEnd ? following.there : place;
  };
  return {
    codec,
    text: out.join(''),
    locate: (start, end) => [origin(start, false), origin(end, true)],
  };
}

/** Decodes a run of one alphabet from whichever alignment gives text; nothing where none does. */
function decodeRun(text: string, run: Run, budget: Budget): View | undefined {
  const shape = shapes[run.codec];
  for (let from = run.start; from < run.start + shape.group && run.end - from >= 16; from += 1) {
    if (!looksDecodable(shape, text, from)) continue;
    const bytes = decodeBytes(run.codec, text.slice(from, run.end));
    if (isGzip(bytes)) return gunzip(bytes, [run.start, run.end], budget);
    const isWide = bytes[1] === 0 && bytes[3] === 0;
    const charsPer = (8 / shape.bits) * (isWide ? 2 : 1);
    const locate = (start: number, end: number) =>
      [
        from + Math.floor(start * charsPer),
        Math.min(run.end, from + Math.ceil(end * charsPer)),
      ] as const;
    return { codec: run.codec, text: bytes.toString(isWide ? 'utf16le' : 'latin1'), locate };
  }
  return undefined;
}

const gunzipBytesMax = 262_144;

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

function gunzip(bytes: Buffer, whole: readonly [number, number], budget: Budget): View | undefined {
  try {
    const plain = gunzipSync(bytes, {
      maxOutputLength: Math.min(gunzipBytesMax, budget.charsLeft),
    });
    const text = plain.toString(isAscii(plain) ? 'latin1' : 'utf8');
    return { codec: 'gzip', text, locate: () => whole };
  } catch {
    // Cut short, damaged or larger than the budget: it was not seen, and the scan says so.
    budget.isOver = true;
    return undefined;
  }
}
