// Pieces of evidence as the store is asked for them: pairs of stream and number, bound as parameters.
import type { Evidence } from '@sandtrail/schemas/finding';

/** The pairs as SQL, for `(stream, seq) IN (…)`, and the parameters that they name. */
export function evidencePairs(evidence: readonly Evidence[]) {
  const params: Record<string, string | bigint> = {};
  const pairs = evidence.map(({ stream, seq }, index) => {
    params[`s${index}`] = stream;
    params[`n${index}`] = seq;
    return `({s${index}:String}, {n${index}:UInt64})`;
  });
  return { pairs: pairs.join(', '), params };
}
