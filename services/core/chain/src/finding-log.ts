// The verifier's findings, bounded: a flood of one kind ends in one line that counts the rest.
import type { VerifyCode, VerifyReport } from '@sandtrail/schemas/seal';

/** One finding of the verifier. */
export type VerifyFinding = VerifyReport['findings'][number];

/** Findings of one code about one chain that are listed; the rest are counted. */
const listedMax = 256;
const detailSizeMax = 1024;

interface Tally {
  listed: number;
  unlisted: number;
  readonly first: VerifyFinding;
}

/** Collects findings in the order in which they are made. */
export class FindingLog {
  readonly #findings: VerifyFinding[] = [];
  readonly #tallies = new Map<string, Tally>();

  /** Lists a finding, or counts it when there are many of its code about its chain. */
  add(finding: VerifyFinding): void {
    const entry = { ...finding, detail: finding.detail.slice(0, detailSizeMax) };
    const tally = this.#tally(entry);
    if (tally.listed >= listedMax) {
      tally.unlisted += 1;
      return;
    }
    tally.listed += 1;
    this.#findings.push(entry);
  }

  /** Counts a finding that honest runs have in numbers: one line for each code and chain. */
  count(finding: VerifyFinding): void {
    this.#tally(finding).unlisted += 1;
  }

  /** True when a finding of this code about this chain was made. */
  has(code: VerifyCode, chain: string | null): boolean {
    return this.#tallies.has(keyOf(code, chain));
  }

  /** All findings, and one more for each code and chain with findings that were only counted. */
  list(): VerifyFinding[] {
    const counted = [...this.#tallies.values()].flatMap(({ first, listed, unlisted }) => {
      if (unlisted === 0) return [];
      const detail =
        listed === 0 ? `${unlisted} in all; the first: ${first.detail}` : `and ${unlisted} more`;
      return [{ ...first, detail: detail.slice(0, detailSizeMax) }];
    });
    return [...this.#findings, ...counted];
  }

  #tally(finding: VerifyFinding): Tally {
    const key = keyOf(finding.code, finding.chain);
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally = { listed: 0, unlisted: 0, first: finding };
    this.#tallies.set(key, tally);
    return tally;
  }
}

function keyOf(code: VerifyCode, chain: string | null): string {
  return `${code} ${chain ?? ''}`;
}
