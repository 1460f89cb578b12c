// A rule: a vendor's documented credential format, or a kind of personal data, as data.

/**
 * How far a match may reach from its keyword's first character: this is what bounds every pattern
 * (no pattern ever sees more than 224 characters), and what a stream must hold back (`reach`).
 */
export const window = { backChars: 64, forwardChars: 160 } as const;

/**
 * Who wins where spans overlap: an exact value, then a format, then the second engine and personal
 * data, then what only its context makes suspicious.
 */
export const tier = { exact: 0, format: 1, other: 2, context: 3 } as const;

/** Characters that go on after a match that is longer than the window. */
export type RunsOn = 'token' | 'pem';

/** One rule. Its examples are made at run time, so that no scanner barks at this source. */
export interface Rule {
  /** Kebab-case; it stands in findings and in masks. */
  readonly id: string;
  readonly class: 'secret' | 'pii';
  readonly tier: (typeof tier)[keyof typeof tier];
  /** Lower-case literals; the pattern is tried where one stands. */
  readonly keywords: readonly string[];
  /** Tried in addition wherever thirteen digits (ten for IBAN) stand nearly together. */
  readonly digits?: true;
  /** The keyword occurs in ordinary text, so it alone does not call the second engine. */
  readonly isCommon?: true;
  /**
   * Sticky (`dy`), tried at the keyword's first character; global (`dg`) for `digits`. The group
   * `secret` is what is masked (the whole match where there is none); `lead` is a part of it that
   * a look-behind found before the keyword.
   */
  readonly pattern: RegExp;
  readonly runsOn?: RunsOn;
  /** The last word: checksum, entropy, stop words. `context` is the whole match. */
  readonly accepts?: (secret: string, context: string) => boolean;
  /** Texts in which exactly this rule finds something. */
  readonly hits: () => readonly string[];
  /** Texts in which this rule finds nothing. */
  readonly misses: () => readonly string[];
}

type Given = Omit<Rule, 'class' | 'tier'> & Partial<Pick<Rule, 'class' | 'tier'>>;

/** A rule for secrets with a format of their own, unless it says otherwise. */
export function defineRule(given: Given): Rule {
  return { class: 'secret', tier: tier.format, ...given };
}
