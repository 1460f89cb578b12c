// Redaction of an observation: exactly the places that its kind marks as free text.
import type { Redaction } from '@sandtrail/schemas/body';
import { type Fields, type TextPlace, textPlaces, withValueAt } from './free-text.ts';
import { describe, maskOf, type Redacted, redact, redactFully } from './redact.ts';
import type { Scan, Scanner } from './scanner.ts';
import { type Span, undominated } from './span.ts';

/** An observation whose free text is without secrets. */
export interface RedactedObservation {
  readonly fields: Fields;
  readonly redactions: readonly Redaction[];
  /** The second engine should look too: `redactObservationFully` on the original. */
  readonly isSuspicious: boolean;
  readonly isTruncated: boolean;
}

/** Scans and redacts with the first engine: nothing here waits. */
export function redactObservation(scanner: Scanner, fields: Fields): RedactedObservation {
  const isDomainName = speaksOfNames(fields);
  const results = textPlaces(fields).map(({ place, value }) => ({
    place,
    result:
      typeof value === 'string'
        ? redact(scanner, value, place, { isDomainName })
        : redactList({ scanner, items: value, place }, scanner.scan(value.join(' '))),
  }));
  return join(fields, results);
}

/** As `redactObservation`, with the second engine too. */
export async function redactObservationFully(
  scanner: Scanner,
  fields: Fields,
): Promise<RedactedObservation> {
  const isDomainName = speaksOfNames(fields);
  const results: Result[] = [];
  for (const { place, value } of textPlaces(fields)) {
    const result =
      typeof value === 'string'
        ? await redactFully(scanner, value, place, { isDomainName })
        : redactList({ scanner, items: value, place }, await scanner.scanFully(value.join(' ')));
    results.push({ place, result });
  }
  return join(fields, results);
}

interface Result {
  readonly place: TextPlace['place'];
  readonly result: Redacted | RedactedList;
}

/** True where free text is a domain name, whose labels are joined before decoding. */
function speaksOfNames(fields: Fields): boolean {
  return fields['kind'] === 'network.dns' || fields['protocol'] === 'dns';
}

function join(fields: Fields, results: readonly Result[]): RedactedObservation {
  let clean = fields;
  for (const { place, result } of results) {
    if (result.redactions.length === 0) continue;
    clean = withValueAt(clean, place, 'items' in result ? result.items : result.text);
  }
  return {
    fields: clean,
    redactions: results.flatMap(({ result }) => result.redactions),
    isSuspicious: results.some(({ result }) => result.isSuspicious),
    isTruncated: results.some(({ result }) => result.isTruncated),
  };
}

interface List {
  readonly scanner: Scanner;
  readonly items: readonly string[];
  readonly place: string;
}

interface RedactedList extends Omit<Redacted, 'text'> {
  readonly items: readonly string[];
}

/** A list is scanned as one line, since an option and its value are two words of it. */
function redactList({ scanner, items, place }: List, scan: Scan): RedactedList {
  const { spans, isSuspicious, isTruncated } = scan;
  if (spans.length === 0) return { items, redactions: [], isSuspicious, isTruncated };
  const line = items.join(' ');
  const starts: number[] = [];
  let at = 0;
  for (const item of items) {
    starts.push(at);
    at += item.length + 1;
  }
  const itemAt = (offset: number) => starts.findLastIndex((start) => start <= offset);
  const redactions = undominated(spans).map((span) => {
    const index = itemAt(span.start);
    const told = describe({ scanner, text: line, field: `${place}.${index}` }, span);
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
