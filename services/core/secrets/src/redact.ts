// Redaction: each span of a text gives way to a mask, and what was there is told by rule and fingerprint.
import type { Redaction } from '@sandtrail/schemas/body';
import { fingerprint, maskedForm, maskText } from './mask.ts';
import type { Scan, Scanner, ScanOptions } from './scanner.ts';
import { type Span, undominated } from './span.ts';

/** A text without its secrets. `start` and `length` of the redactions count in the original text. */
export interface Redacted {
  readonly text: string;
  readonly redactions: readonly Redaction[];
  readonly isSuspicious: boolean;
  readonly isTruncated: boolean;
}

/** Scans a text with the first engine and redacts it; `field` names it in the redactions. */
export function redact(scanner: Scanner, text: string, field: string, how?: ScanOptions): Redacted {
  return applyScan({ scanner, text, field }, scanner.scan(text, how));
}

/** As `redact`, with the second engine too. */
export async function redactFully(
  scanner: Scanner,
  text: string,
  field: string,
  how?: ScanOptions,
): Promise<Redacted> {
  return applyScan({ scanner, text, field }, await scanner.scanFully(text, how));
}

interface Source {
  readonly scanner: Scanner;
  readonly text: string;
  readonly field: string;
}

function applyScan({ scanner, text, field }: Source, scan: Scan): Redacted {
  const { spans, isSuspicious, isTruncated } = scan;
  if (spans.length === 0) return { text, redactions: [], isSuspicious, isTruncated };
  const redactions = undominated(spans).map((span) => describe({ scanner, text, field }, span));
  return { text: maskSpans(text, spans), redactions, isSuspicious, isTruncated };
}

/** What a record tells of a span. Personal data gets no fingerprint: there are too few card numbers. */
export function describe({ scanner, text, field }: Source, span: Span): Redaction {
  const { rule, class: sort, start, end } = span;
  const secret = span.secret ?? text.slice(start, end);
  const told = { field, rule, class: sort, start, length: end - start };
  const masked = maskedForm(secret, span.ranOn !== undefined);
  if (sort === 'pii') return { ...told, masked };
  return { ...told, masked, fingerprint: fingerprint(scanner.key, secret) };
}

/** Replaces spans (ordered, perhaps within each other) by masks; joined ones by the first one's. */
export function maskSpans(text: string, spans: readonly Span[]): string {
  const out: string[] = [];
  let at = 0;
  let maskEnd = -1;
  for (const span of spans) {
    if (span.end <= at) continue;
    const from = Math.max(at, span.start);
    out.push(text.slice(at, from));
    if (from !== maskEnd) out.push(maskOf(span, text));
    at = span.end;
    maskEnd = span.end;
  }
  out.push(text.slice(at));
  return out.join('');
}

/** The mask of a span of a text. */
export function maskOf(span: Span, text: string): string {
  const secret = span.secret ?? text.slice(span.start, span.end);
  return maskText(span.rule, maskedForm(secret, span.ranOn !== undefined));
}
