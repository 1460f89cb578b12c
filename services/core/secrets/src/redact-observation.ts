// Redaction of an observation: exactly the fields that its kind marks as free text.

import { eventMeta, type Redaction } from '@sandtrail/schemas/body';
import { Body } from '@sandtrail/schemas/events';
import { describe, maskOf, type Redacted, redact, redactFully } from './redact.ts';
import type { Scan, Scanner } from './scanner.ts';
import { type Span, undominated } from './span.ts';

/** An observation's fields; what they must be is its kind's business. */
export type Fields = Readonly<Record<string, unknown>>;

/** An observation whose free text is without secrets. */
export interface RedactedObservation {
  readonly fields: Fields;
  readonly redactions: readonly Redaction[];
  /** The second engine should look too: `redactObservationFully` on the original. */
  readonly isSuspicious: boolean;
  readonly isTruncated: boolean;
}

const freeText: ReadonlyMap<string, readonly string[]> = new Map(
  Body.options.map((schema) => [schema.shape.kind.value, eventMeta.get(schema)?.freeText ?? []]),
);

/** The fields of a kind that hold free text; none for a kind that is not known. */
export function freeTextOf(kind: unknown): readonly string[] {
  return typeof kind === 'string' ? (freeText.get(kind) ?? []) : [];
}

/** Scans and redacts with the first engine: nothing here waits. */
export function redactObservation(scanner: Scanner, fields: Fields): RedactedObservation {
  const results = pieces(fields).map(({ name, value, isDomainName }) => ({
    name,
    result:
      typeof value === 'string'
        ? redact(scanner, value, name, { isDomainName })
        : redactList({ scanner, items: value, name }, scanner.scan(value.join(' '))),
  }));
  return join(fields, results);
}

/** As `redactObservation`, with the second engine too. */
export async function redactObservationFully(
  scanner: Scanner,
  fields: Fields,
): Promise<RedactedObservation> {
  const results: Result[] = [];
  for (const { name, value, isDomainName } of pieces(fields)) {
    const result =
      typeof value === 'string'
        ? await redactFully(scanner, value, name, { isDomainName })
        : redactList({ scanner, items: value, name }, await scanner.scanFully(value.join(' ')));
    results.push({ name, result });
  }
  return join(fields, results);
}

interface Piece {
  readonly name: string;
  readonly value: string | readonly string[];
  readonly isDomainName: boolean;
}

interface Result {
  readonly name: string;
  readonly result: Redacted | RedactedList;
}

function pieces(fields: Fields): readonly Piece[] {
  const isDns = fields['kind'] === 'network.dns' || fields['protocol'] === 'dns';
  const found: Piece[] = [];
  for (const name of freeTextOf(fields['kind'])) {
    const value = fields[name];
    if (typeof value === 'string') found.push({ name, value, isDomainName: isDns });
    else if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
      found.push({ name, value, isDomainName: false });
  }
  return found;
}

function join(fields: Fields, results: readonly Result[]): RedactedObservation {
  const changed = results.filter(({ result }) => result.redactions.length > 0);
  const texts = changed.map(({ name, result }) => [
    name,
    'items' in result ? result.items : result.text,
  ]);
  return {
    fields: changed.length === 0 ? fields : { ...fields, ...Object.fromEntries(texts) },
    redactions: changed.flatMap(({ result }) => result.redactions),
    isSuspicious: results.some(({ result }) => result.isSuspicious),
    isTruncated: results.some(({ result }) => result.isTruncated),
  };
}

interface List {
  readonly scanner: Scanner;
  readonly items: readonly string[];
  readonly name: string;
}

interface RedactedList extends Omit<Redacted, 'text'> {
  readonly items: readonly string[];
}

/** A list is scanned as one line, since an option and its value are two words of it. */
function redactList({ scanner, items, name }: List, scan: Scan): RedactedList {
  const { spans, isSuspicious, isTruncated } = scan;
  if (spans.length === 0) return { items, redactions: [], isSuspicious, isTruncated };
  const line = items.join(' ');
  const starts: number[] = [];
  let at = 0;
  for (const item of items) {
    starts.push(at);
    at += item.length + 1;
  }
  const itemAt = (place: number) => starts.findLastIndex((start) => start <= place);
  const redactions = undominated(spans).map((span) => {
    const index = itemAt(span.start);
    const told = describe({ scanner, text: line, field: `${name}.${index}` }, span);
    return { ...told, start: span.start - (starts[index] ?? 0) };
  });
  const masked = items.map((item, index) =>
    maskItem({ item, start: starts[index] ?? 0, line }, spans),
  );
  return { items: masked, redactions, isSuspicious, isTruncated };
}

interface Item {
  readonly item: string;
  readonly start: number;
  readonly line: string;
}

/** Masks the pieces of spans that lie in one item of the line. */
function maskItem({ item, start, line }: Item, spans: readonly Span[]): string {
  const out: string[] = [];
  let at = 0;
  let maskEnd = -1;
  for (const span of spans) {
    const end = Math.min(item.length, span.end - start);
    const from = Math.max(at, span.start - start);
    if (end <= from) continue;
    out.push(item.slice(at, from));
    if (from !== maskEnd) out.push(maskOf(span, line));
    at = end;
    maskEnd = end;
  }
  return out.length === 0 ? item : out.join('') + item.slice(at);
}
