// What a finding leads to: nothing, an act at once, or a question to a person. Pure.
import type { Finding, Level } from '@sandtrail/schemas/finding';
import type { Policy } from '@sandtrail/schemas/policy';
import { rankOf } from './ladder.ts';

/** The response rules of the sandbox's policy; undefined when its policy is not known. */
export type Responses = Policy['responses'] | undefined;

/** What to do: a level at once, a level that a person has to agree to, both, or neither. */
export interface ResponseDecision {
  readonly automatic: Level | undefined;
  readonly approval: Level | undefined;
}

interface Circumstances {
  readonly responses: Responses;
  /** How long ago the deciding event happened, milliseconds. */
  readonly ageMs: number;
  /** Older than this, nothing happens without a person. */
  readonly freshMs: number;
}

const nothing: ResponseDecision = { automatic: undefined, approval: undefined };

/**
 * Acts at once only where the detector recommends it, a kernel or host record witnesses it, the
 * policy allows it and the event is fresh. Above the policy's highest automatic level that level is
 * applied, and the rest is asked for.
 */
export function decideResponse(finding: Finding, around: Circumstances): ResponseDecision {
  const { recommend, witnessed } = finding;
  if (recommend.act !== 'contain' && recommend.act !== 'approve') return nothing;
  const wanted = recommend.level;
  if (wanted === 'L0') return nothing;
  const { responses, ageMs, freshMs } = around;
  const mayAct = recommend.act === 'contain' && witnessed && responses?.automatic === true;
  if (!mayAct || ageMs > freshMs) return { automatic: undefined, approval: wanted };
  const highest = responses.automatic_level_max;
  if (rankOf(wanted) <= rankOf(highest)) return { automatic: wanted, approval: undefined };
  return { automatic: highest, approval: wanted };
}
