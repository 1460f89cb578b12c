// The scanner, compiled once: what is secret or personal in a text, told without telling it.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Budget, type View, viewsOf, viewsOfName } from './decode.ts';
import { createMatcher, type Matcher } from './matcher.ts';
import type { Registry } from './registry.ts';
import { rules as pack } from './rules.ts';
import type { SecondEngine } from './secretlint.ts';
import { orderSpans, type Span } from './span.ts';

/** What is done with a kind of personal data. */
export type PiiTreatment = 'redact' | 'ignore';

/** How a scanner is made. */
export interface ScannerOptions {
  /** Key of the fingerprints, at least 32 bytes; of one tenant, and on hosts only. */
  readonly fingerprintKey: Uint8Array;
  readonly registry?: Registry;
  readonly secondEngine?: SecondEngine;
  /** Rule ids of personal data, and what to do with them; `redact` unless told. */
  readonly pii?: Readonly<Record<string, PiiTreatment>>;
  /** Longest text that is looked at; more is marked as truncated. */
  readonly scanCharsMax?: number;
}

/** How one text is looked at. */
export interface ScanOptions {
  /** Undo encodings; false for a stream's pieces, which would cut them anywhere. */
  readonly decode?: boolean;
  /** A domain name: its labels are joined first. */
  readonly isDomainName?: boolean;
}

/** What a scan gave: spans in order, of which some may lie within others. */
export interface Scan {
  readonly spans: readonly Span[];
  /** The second engine should look too, because the text is worth its time. */
  readonly isSuspicious: boolean;
  /** A bound was reached (size, depth, number of spans): something may have been left unseen. */
  readonly isTruncated: boolean;
}

/** Finds what is secret. Holds no text between calls. */
export interface Scanner {
  readonly key: KeyObject;
  scan(text: string, options?: ScanOptions): Scan;
  /** As `scan`, and with the second engine where the text is suspicious. */
  scanFully(text: string, options?: ScanOptions): Promise<Scan>;
}

const depthMax = 3;
const scanCharsMaxDefault = 1_048_576;
const viewsMax = 256;
const keySizeBytesMin = 32;

/** Compiles the rule pack. Throws a RangeError when the key is shorter than 32 bytes. */
export function createScanner(options: ScannerOptions): Scanner {
  if (options.fingerprintKey.length < keySizeBytesMin)
    throw new RangeError(`a fingerprint key has at least ${keySizeBytesMin} bytes`);
  const { registry, secondEngine, pii = {}, scanCharsMax = scanCharsMaxDefault } = options;
  const matcher = createMatcher(pack.filter((rule) => pii[rule.id] !== 'ignore'));
  const scan = (text: string, how: ScanOptions = {}) =>
    scanText({ matcher, registry, scanCharsMax }, text, how);
  return {
    key: createSecretKey(options.fingerprintKey),
    scan,
    async scanFully(text, how) {
      const first = scan(text, how);
      if (!first.isSuspicious || secondEngine === undefined) return first;
      const more = await secondEngine(text.slice(0, scanCharsMax));
      return { ...first, spans: orderSpans([...first.spans, ...more]) };
    },
  };
}

interface Engines {
  readonly matcher: Matcher;
  readonly registry: Registry | undefined;
  readonly scanCharsMax: number;
}

function scanText(engines: Engines, given: string, options: ScanOptions): Scan {
  const { scanCharsMax } = engines;
  const text = given.length > scanCharsMax ? given.slice(0, scanCharsMax) : given;
  const first = look(engines, text);
  const budget: Budget = {
    charsLeft: Math.max(65_536, 4 * text.length),
    viewsLeft: viewsMax,
    isOver: false,
  };
  const spans = [...first.spans];
  if (options.decode !== false) {
    const views = options.isDomainName === true ? viewsOfName(text, budget) : viewsOf(text, budget);
    for (const view of views) spans.push(...lookInside(engines, view, { budget, depth: 1 }));
  }
  return {
    spans: orderSpans(spans),
    isSuspicious: first.isSuspicious || spans.length > 0,
    isTruncated: first.isTruncated || budget.isOver || text.length < given.length,
  };
}

function look({ matcher, registry }: Engines, text: string) {
  const matches = matcher(text);
  const exact = registry?.find(text) ?? [];
  return exact.length === 0
    ? matches
    : { ...matches, spans: [...exact, ...matches.spans], isTruncated: matches.isTruncated };
}

interface Depth {
  readonly budget: Budget;
  readonly depth: number;
}

/** The spans of a decoded view, placed where they came from. */
function lookInside(engines: Engines, view: View, { budget, depth }: Depth): readonly Span[] {
  const found = [...look(engines, view.text).spans];
  for (const inner of viewsOf(view.text, budget)) {
    if (depth >= depthMax) budget.isOver = true;
    else found.push(...lookInside(engines, inner, { budget, depth: depth + 1 }));
  }
  return found.map((span) => {
    const [start, end] = view.locate(span.start, span.end);
    const { ranOn: _gone, ...rest } = span;
    const secret = span.secret ?? view.text.slice(span.start, span.end);
    return { ...rest, start, end, secret, via: [view.codec, ...span.via] };
  });
}
