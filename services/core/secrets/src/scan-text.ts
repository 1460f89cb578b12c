// Scanning of a text for a person: what was found and where, never what it was.
import { fingerprint, maskedForm } from './mask.ts';
import type { Scanner } from './scanner.ts';
import { type Codec, undominated } from './span.ts';

/** One thing found. Offsets count UTF-16 units of the text; `line` and `column` count from 1. */
export interface SecretFinding {
  readonly rule: string;
  readonly class: 'secret' | 'pii' | 'issued' | 'canary';
  readonly engine: 'sandtrail' | 'secretlint';
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
  readonly masked: string;
  /** HMAC-SHA-256 with the scanner's key; absent for personal data. */
  readonly fingerprint?: string;
  /** How it was encoded, outermost first. */
  readonly via: readonly Codec[];
}

/** What was found in a text. */
export interface TextScan {
  readonly findings: readonly SecretFinding[];
  /** A bound was reached: the text may hold more. */
  readonly isTruncated: boolean;
}

/** Scans a text with both engines, undoing encodings. Nothing of what it returns holds a secret. */
export async function scanText(scanner: Scanner, text: string): Promise<TextScan> {
  const { spans, isTruncated } = await scanner.scanFully(text);
  let line = 1;
  let lineStart = 0;
  const findings = undominated(spans).map((span) => {
    for (let at = text.indexOf('\n', lineStart); at >= 0 && at < span.start; ) {
      line += 1;
      lineStart = at + 1;
      at = text.indexOf('\n', lineStart);
    }
    const { rule, class: sort, engine, start, end, via } = span;
    const secret = span.secret ?? text.slice(start, end);
    const masked = maskedForm(secret, span.ranOn !== undefined);
    const told = { rule, class: sort, engine, start, end, line, column: start - lineStart + 1 };
    if (sort === 'pii') return { ...told, masked, via };
    return { ...told, masked, fingerprint: fingerprint(scanner.key, secret), via };
  });
  return { findings, isTruncated };
}
