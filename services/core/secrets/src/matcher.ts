// Finds spans in a text: keywords by automaton, then each rule on a bounded window around its keyword.
import { type Automaton, buildAutomaton } from './automaton.ts';
import { isInsideMask, maskPattern } from './mask.ts';
import { type Rule, window } from './rule.ts';
import { endOfRun, runCharsMax, type Span } from './span.ts';

/** What one pass over a text gave. */
export interface Matches {
  readonly spans: readonly Span[];
  /** A keyword stood there that is rare in ordinary text: worth the second engine's time. */
  readonly isSuspicious: boolean;
  /** More spans than are followed stood in the text. */
  readonly isTruncated: boolean;
}

/** Finds the spans of one text. Holds no state between calls. */
export type Matcher = (text: string) => Matches;

/** Most spans that one pass returns; a text with more is marked as truncated. */
export const spansMax = 4096;

const none: Matches = { spans: [], isSuspicious: false, isTruncated: false };
const digitsNeeded = 10;
const digitsStep = 8;
const digitsReach = { back: 40, forward: 48 } as const;

/** Compiles rules to a matcher. */
export function createMatcher(rules: readonly Rule[]): Matcher {
  const keywords = [...new Set(rules.flatMap((rule) => rule.keywords))];
  const rulesOf = keywords.map((word) => rules.filter((rule) => rule.keywords.includes(word)));
  const digitRules = rules.filter((rule) => rule.digits === true);
  const automaton = buildAutomaton(keywords);
  const lengths = keywords.map((word) => word.length);
  return (text) => {
    const hits = findHits(automaton, text, digitRules.length > 0);
    if (hits.length === 0) return none;
    const pass = new Pass(text);
    for (let at = 0; at < hits.length; at += 2) {
      const end = hits[at] ?? 0;
      const state = hits[at + 1] ?? 0;
      if (state < 0) for (const rule of digitRules) pass.tryDigits(rule, end);
      else
        for (const keyword of automaton.endings[state] ?? []) {
          const from = end - (lengths[keyword] ?? 0) + 1;
          for (const rule of rulesOf[keyword] ?? []) pass.tryAt(rule, from);
        }
    }
    return pass;
  };
}

/** Pairs of (index of the last character, accepting state's number, or −1 for a run of digits). */
function findHits(automaton: Automaton, text: string, wantsDigits: boolean): readonly number[] {
  const { columnOf, next, accepting, width } = automaton;
  const hits: number[] = [];
  let state = 0;
  let digits = 0;
  let isAfterDigit = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    state = next[state + (code < 128 ? (columnOf[code] ?? 0) : 0)] ?? 0;
    if (state >= accepting) hits.push(at, (state - accepting) / width);
    if (code <= 57 && code >= 48) {
      digits += 1;
      isAfterDigit = true;
      const isDue = digits >= digitsNeeded && (digits - digitsNeeded) % digitsStep === 0;
      if (isDue && wantsDigits) hits.push(at, -1);
    } else {
      // One space or hyphen between digits keeps a number together.
      if (!isAfterDigit || (code !== 32 && code !== 45)) digits = 0;
      isAfterDigit = false;
    }
  }
  return hits;
}

/** One pass over one text: collects spans, each once. */
class Pass implements Matches {
  readonly spans: Span[] = [];
  isSuspicious = false;
  isTruncated = false;
  readonly #text: string;
  readonly #seen = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  tryAt(rule: Rule, at: number): void {
    if (rule.isCommon !== true) this.isSuspicious = true;
    const from = Math.max(0, at - window.backChars);
    const view = this.#text.slice(from, at + window.forwardChars);
    rule.pattern.lastIndex = at - from;
    const match = rule.pattern.exec(view);
    if (match !== null) this.#take(rule, match, from);
  }

  tryDigits(rule: Rule, at: number): void {
    const from = Math.max(0, at - digitsReach.back);
    const view = this.#text.slice(from, at + digitsReach.forward);
    rule.pattern.lastIndex = 0;
    for (let match = rule.pattern.exec(view); match !== null; match = rule.pattern.exec(view)) {
      // What touches the view's edge may be a piece of something longer; another look covers it.
      const end = match.index + match[0].length;
      const isWhole =
        (match.index > 0 || from === 0) && (end < view.length || from + end === this.#text.length);
      if (isWhole) this.#take(rule, match, from);
    }
  }

  #take(rule: Rule, match: RegExpExecArray, offset: number): void {
    const range = rangeOf(match);
    const start = offset + range.start;
    let end = offset + range.end;
    const secret = this.#text.slice(start, end);
    if (rule.accepts !== undefined && !rule.accepts(secret, match[0])) return;
    if (this.#isMasked(secret, offset + match.index) || isInsideMask(this.#text, start)) return;
    const key = `${rule.id} ${start}`;
    if (this.#seen.has(key)) return;
    if (this.spans.length >= spansMax) {
      this.isTruncated = true;
      return;
    }
    this.#seen.add(key);
    const sort = rule.runsOn;
    if (sort !== undefined)
      end = Math.max(end, endOfRun(this.#text, sort, end, start + runCharsMax));
    const { id, class: sortOf, tier } = rule;
    const span = {
      rule: id,
      class: sortOf,
      tier,
      engine: 'sandtrail',
      start,
      end,
      via: [],
    } as const;
    this.spans.push(sort === undefined ? span : { ...span, ranOn: sort });
    if (rule.class === 'secret') this.isSuspicious = true;
  }

  #isMasked(secret: string, at: number): boolean {
    return (
      (secret.includes('[redacted:') && maskPattern.test(secret)) || isInsideMask(this.#text, at)
    );
  }
}

function rangeOf(match: RegExpExecArray): { readonly start: number; readonly end: number } {
  const groups = match.indices?.groups;
  const own = groups?.['secret'] ?? groups?.['key'];
  if (own !== undefined) return { start: own[0], end: own[1] };
  const start = groups?.['lead']?.[0] ?? match.index;
  return { start, end: match.index + match[0].length };
}
