// Reads bpftrace's JSON output (`-f json`) line by line, as bytes: names in it need not be UTF-8.
import * as z from 'zod';

/** A line of bpftrace: printed bytes, a map with its counts, losses, or how many probes attached. */
export type SensorLine =
  | { readonly type: 'printed'; readonly bytes: Buffer }
  | { readonly type: 'map'; readonly name: string; readonly counts: ReadonlyMap<string, bigint> }
  | { readonly type: 'lost'; readonly events: number }
  | { readonly type: 'attached'; readonly probes: number }
  | { readonly type: 'malformed' };

/** Longest line that is kept; a longer one is dropped and counted as malformed. */
const lineSizeBytesMax = 1_048_576;

const newline = 0x0a;
const backslash = 0x5c;
const prefix = Buffer.from('{"type": "printf", "data": "');
const suffix = Buffer.from('"}');

const Control = z.discriminatedUnion('type', [
  z.object({ type: z.literal('attached_probes'), data: z.object({ probes: z.int() }) }),
  z.object({ type: z.literal('lost_events'), data: z.object({ events: z.int() }) }),
  z.object({
    type: z.literal('map'),
    data: z.record(z.string(), z.union([z.int(), z.record(z.string(), z.int())])),
  }),
]);

/** An incremental reader: `push` takes what arrived and calls back for each whole line. */
export class LineReader {
  readonly #onLine: (line: SensorLine) => void;
  #rest: Buffer = Buffer.alloc(0);
  #skipping = false;

  constructor(onLine: (line: SensorLine) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#line(bytes.subarray(from, end));
      from = end + 1;
    }
    const rest = bytes.subarray(from);
    const oversize = rest.length > lineSizeBytesMax;
    if (oversize && !this.#skipping) this.#onLine({ type: 'malformed' });
    this.#skipping ||= oversize;
    this.#rest = oversize ? Buffer.alloc(0) : rest;
  }

  #line(line: Buffer): void {
    if (this.#skipping) this.#skipping = false;
    else if (line.length > 0) this.#onLine(parseLine(line));
  }
}

function parseLine(line: Buffer): SensorLine {
  const end = line.length - suffix.length;
  if (line.subarray(0, prefix.length).equals(prefix) && line.subarray(end).equals(suffix)) {
    const bytes = unescapeText(line.subarray(prefix.length, end));
    return bytes === undefined ? { type: 'malformed' } : { type: 'printed', bytes };
  }
  return parseControl(line);
}

const single: ReadonlyMap<number, number> = new Map(
  [...'"\\/bfnrt'].map((letter, at) => [letter.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(at)]),
);

/**
 * Undoes bpftrace's escapes. It writes a control byte as `\u00xx` and, since it takes a byte for a
 * signed number, one above 7f as `\uffffffxx`: eight digits, which no JSON reader understands. A
 * backslash in the text is doubled, so reading from the left is never ambiguous.
 */
export function unescapeText(escaped: Buffer): Buffer | undefined {
  let at = escaped.indexOf(backslash);
  if (at === -1) return escaped;
  const out = Buffer.allocUnsafe(escaped.length);
  let size = escaped.copy(out, 0, 0, at);
  while (at < escaped.length) {
    const byte = escaped[at] ?? 0;
    if (byte !== backslash) {
      out[size++] = byte;
      at += 1;
      continue;
    }
    const step = escapeAt(escaped, at + 1);
    if (step === undefined) return undefined;
    out[size++] = step.byte;
    at += 1 + step.length;
  }
  return out.subarray(0, size);
}

function escapeAt(text: Buffer, at: number): { byte: number; length: number } | undefined {
  const letter = text[at] ?? 0;
  const plain = single.get(letter);
  if (plain !== undefined) return { byte: plain, length: 1 };
  if (letter !== 0x75) return undefined;
  const high = /^ffffff([89a-f][0-9a-f])$/.exec(text.toString('latin1', at + 1, at + 9))?.[1];
  if (high !== undefined) return { byte: Number.parseInt(high, 16), length: 9 };
  const digits = text.toString('latin1', at + 1, at + 5);
  if (!/^00[0-9a-f]{2}$/.test(digits)) return undefined;
  return { byte: Number.parseInt(digits, 16), length: 5 };
}

function parseControl(line: Buffer): SensorLine {
  const parsed = Control.safeParse(jsonOf(line));
  if (!parsed.success) return { type: 'malformed' };
  const { data } = parsed;
  switch (data.type) {
    case 'attached_probes':
      return { type: 'attached', probes: data.data.probes };
    case 'lost_events':
      return { type: 'lost', events: data.data.events };
    case 'map': {
      const [name = '', values = {}] = Object.entries(data.data)[0] ?? [];
      const entries = typeof values === 'number' ? [] : Object.entries(values);
      const counts = new Map(entries.map(([key, value]) => [key, BigInt(value)]));
      return { type: 'map', name, counts };
    }
    default:
      return data satisfies never;
  }
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}
