// A span: where in a text something was recognised, before anything is said about it to others.
import type { Rule, RunsOn } from './rule.ts';

/** How a text was wrapped before a rule fitted it. */
export type Codec = 'base64' | 'base32' | 'hex' | 'percent' | 'escape' | 'gzip' | 'dns';

/** A recognised span. It never leaves this package: only findings, which hold no secret, do. */
export interface Span {
  readonly rule: string;
  readonly class: 'secret' | 'pii' | 'issued' | 'canary';
  readonly tier: Rule['tier'];
  readonly engine: 'sandtrail' | 'secretlint';
  readonly start: number;
  readonly end: number;
  /** Set when the span went on past its window, over characters of this sort. */
  readonly ranOn?: RunsOn;
  /** What the fingerprint is of, where it is not the text of the span itself (decoded, or issued). */
  readonly secret?: string;
  readonly via: readonly Codec[];
}

/** By start, then by belief, then the longer first: the order in which spans are masked. */
export function orderSpans(spans: readonly Span[]): readonly Span[] {
  return spans.toSorted((a, b) => a.start - b.start || a.tier - b.tier || b.end - a.end);
}

/**
 * True when `f` makes `g` not worth telling: a better believed rule on the same characters, or the
 * same characters and more. `f` comes before `g` in the order, or overlaps it from behind.
 */
export function dominates(f: Span, g: Span): boolean {
  if (f.start >= g.end || g.start >= f.end) return false;
  // A span that ran on was decided at its start: what comes later inside it changes nothing.
  if (g.ranOn !== undefined && f.start > g.start) return false;
  if (f.tier !== g.tier) return f.tier < g.tier;
  if (f.ranOn !== undefined && f.start <= g.start) return true;
  return f.start <= g.start && f.end >= g.end;
}

/** The spans that are worth telling, in order. `spans` must be ordered. */
export function undominated(spans: readonly Span[]): readonly Span[] {
  const told = new Array<boolean>(spans.length).fill(true);
  let active: number[] = [];
  spans.forEach((span, index) => {
    active = active.filter((at) => (spans[at]?.end ?? 0) > span.start);
    for (const at of active) {
      const other = spans[at];
      if (other === undefined) continue;
      if (dominates(other, span)) told[index] = false;
      else if (dominates(span, other)) told[at] = false;
    }
    active.push(index);
  });
  return spans.filter((_span, index) => told[index]);
}

const tokenEnd = /[^A-Za-z0-9_.~+/=%-]/g;
const pemEnd = /[^A-Za-z0-9+/=\s\\]/g;

/** Longest span that runs on, in characters; the rest of a longer one is scanned anew. */
export const runCharsMax = 65_536;

/** Where the run of such characters that stands at `from` ends; at most `until`. */
export function endOfRun(text: string, sort: RunsOn, from: number, until: number): number {
  const end = sort === 'pem' ? pemEnd : tokenEnd;
  end.lastIndex = from;
  const at = end.exec(text)?.index ?? text.length;
  return Math.min(at, until, text.length);
}
