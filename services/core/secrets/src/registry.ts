// Credentials that were issued just in time, and canaries: recognised exactly, in every plain spelling.
import { window } from './rule.ts';
import type { Span } from './span.ts';

/** A value to recognise. `expiresAtMs` (Unix time) ends it with its lease. */
export interface RegistryEntry {
  readonly id: string;
  readonly class: 'issued' | 'canary';
  readonly value: string;
  readonly expiresAtMs?: number;
}

/** The values to recognise, held in memory only. */
export interface Registry {
  /** False when the value is shorter than 8 characters or the registry is full. */
  add(entry: RegistryEntry): boolean;
  remove(id: string): void;
  /** Forgets what has expired; the owner of the leases calls it. */
  expire(nowMs: number): void;
  /** The spans of registered values in a text, in any spelling. */
  find(text: string): readonly Span[];
}

interface Form {
  readonly text: string;
  readonly entry: RegistryEntry;
}

const entriesMax = 10_000;
const anchorChars = 8;
const base = 0x01000193;
const filterBits = 16;

/** A registry with no entries. */
export function createRegistry(): Registry {
  const entries = new Map<string, RegistryEntry>();
  let index: Index | undefined;
  return {
    add(entry) {
      const fits =
        entry.value.length >= anchorChars && (entries.size < entriesMax || entries.has(entry.id));
      if (!fits) return false;
      entries.set(entry.id, entry);
      index = undefined;
      return true;
    },
    remove(id) {
      if (entries.delete(id)) index = undefined;
    },
    expire(nowMs) {
      for (const entry of entries.values()) {
        if ((entry.expiresAtMs ?? Number.POSITIVE_INFINITY) > nowMs) continue;
        entries.delete(entry.id);
        index = undefined;
      }
    },
    find(text) {
      if (entries.size === 0 || text.length < anchorChars) return [];
      index ??= buildIndex([...entries.values()]);
      return lookUp(index, text);
    },
  };
}

/** Forms by the rolling hash (Rabin and Karp) of their first eight characters. */
interface Index {
  readonly forms: ReadonlyMap<number, readonly Form[]>;
  readonly filter: Uint8Array;
}

function buildIndex(entries: readonly RegistryEntry[]): Index {
  const forms = new Map<number, Form[]>();
  const filter = new Uint8Array(1 << filterBits);
  for (const entry of entries) {
    for (const text of spellings(entry.value)) {
      const hash = hashAt(text, 0);
      filter[hash >>> (32 - filterBits)] = 1;
      const others = forms.get(hash);
      if (others === undefined) forms.set(hash, [{ text, entry }]);
      else others.push({ text, entry });
    }
  }
  return { forms, filter };
}

/** Plain, reversed, hex, percent, base64 at its three alignments: what is searched, each cut to the window. */
function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const hex = bytes.toString('hex');
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const wrapped = [0, 1, 2].map((before) => alignedBase64(bytes, before));
  const all = [
    value,
    [...value].reverse().join(''),
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
    encodeURIComponent(value.toWellFormed()),
    ...wrapped,
    ...wrapped.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  const usable = all.filter((text) => text.length >= anchorChars);
  return [...new Set(usable.map((text) => text.slice(0, window.forwardChars - 1)))];
}

/** The characters of a base64 text that hold these bytes alone, when `before` bytes precede them. */
function alignedBase64(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((before * 8) / 6);
  return text.slice(first, Math.floor(((before + bytes.length) * 8) / 6));
}

function hashAt(text: string, from: number): number {
  let hash = 0;
  for (let at = from; at < from + anchorChars; at += 1) {
    hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
  }
  return hash >>> 0;
}

const outgoing = (() => {
  let power = 1;
  for (let step = 0; step < anchorChars; step += 1) power = Math.imul(power, base);
  return power;
})();

function lookUp({ forms, filter }: Index, text: string): readonly Span[] {
  const spans: Span[] = [];
  let hash = hashAt(text, 0);
  for (let from = 0; ; from += 1) {
    if (filter[hash >>> (32 - filterBits)] === 1) {
      for (const form of forms.get(hash) ?? []) {
        if (text.startsWith(form.text, from)) spans.push(spanOf(form, from));
      }
    }
    const entering = from + anchorChars;
    if (entering >= text.length) return spans;
    const shifted = (Math.imul(hash, base) + text.charCodeAt(entering)) | 0;
    hash = (shifted - Math.imul(outgoing, text.charCodeAt(from))) >>> 0;
  }
}

function spanOf({ text, entry }: Form, start: number): Span {
  return {
    rule: entry.class === 'canary' ? 'canary-value' : 'issued-credential',
    class: entry.class,
    tier: 0,
    engine: 'sandtrail',
    start,
    end: start + text.length,
    secret: entry.value,
    via: [],
  };
}
