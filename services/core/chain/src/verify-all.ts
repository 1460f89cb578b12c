// The verifier: all chains of a log against pinned keys and outside heads, and the report on them.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import { FindingLog, type VerifyFinding } from './finding-log.ts';
import { KnownHeads } from './known-heads.ts';
import { Producers } from './producers.ts';
import { isTampering, verdictOf } from './verdict.ts';
import { parseVerifierKey, type VerifierKey } from './verifier-key.ts';
import { type ChainOutcome, type ChainSource, sealingTopic, verifyChain } from './verify-chain.ts';

/** What to verify, and against what. */
export interface VerifyOptions {
  /** An array in any order, or a stream of chains in which those of topic `control` come first. */
  readonly chains: readonly ChainSource[] | AsyncIterable<ChainSource>;
  /** Keys that the user pins; without them signatures are not checked. */
  readonly trust?: TrustFile | undefined;
  /** Heads that the user kept outside; without them nothing is anchored. */
  readonly heads?: HeadFile | undefined;
  /** Signed checkpoints that came with the rows: rows are held against them, they anchor nothing. */
  readonly notes?: readonly string[] | undefined;
  /** Findings made elsewhere, such as `projection_mismatch` by SQL; asked for after the last row. */
  readonly outside?: () => readonly VerifyFinding[];
}

/**
 * Verifies the chains one after another and returns the report. Reads each row once and holds a
 * bounded number of them.
 * @throws SandtrailError `TRUST_INVALID` when a pinned key is malformed.
 */
export async function verifyAll(options: VerifyOptions): Promise<VerifyReport> {
  const findings = new FindingLog();
  const heads = new KnownHeads(pinnedKeys(options.trust, findings), findings);
  const origin = { chain: null, position: null };
  for (const note of options.heads?.notes ?? [])
    heads.addNote(note, { source: 'outside', ...origin });
  for (const note of options.notes ?? []) heads.addNote(note, { source: 'bundle', ...origin });
  const producers = new Producers(findings);
  const outcomes: ChainOutcome[] = [];
  for await (const source of sealingFirst(options.chains))
    outcomes.push(await verifyChain(source, { heads, findings, producers }));
  for (const finding of options.outside?.() ?? []) findings.add(finding);
  nameMissing({ outcomes, heads, findings });
  nameShort({ outcomes, findings });
  producers.end({ complete: isComplete(findings) });
  nameUnanchored({ outcomes, findings, options });
  const list = findings.list();
  return {
    verdict: verdictOf(list.map(({ code }) => code)),
    findings: list,
    chains: outcomes.flatMap((outcome) => summaryOf(outcome)),
  };
}

interface Outcomes {
  readonly outcomes: readonly ChainOutcome[];
  readonly findings: FindingLog;
}

function pinnedKeys(
  trust: TrustFile | undefined,
  findings: FindingLog,
): readonly VerifierKey[] | undefined {
  if (trust === undefined) return undefined;
  const keys: VerifierKey[] = [];
  for (const text of trust.keys) {
    const key = parseVerifierKey(text);
    if (!('code' in key)) keys.push(key);
    else if (key.code === 'alg_refused')
      findings.add({ code: key.code, chain: null, position: null, detail: key.detail });
    else throw new SandtrailError('TRUST_INVALID', { detail: key.detail });
  }
  return keys;
}

/** Checkpoints of all chains are sealed in one, so that one comes first. */
function sealingFirst(
  chains: VerifyOptions['chains'],
): readonly ChainSource[] | AsyncIterable<ChainSource> {
  if (Symbol.asyncIterator in chains) return chains;
  const isSealing = ({ identity }: ChainSource) => identity.topic === sealingTopic;
  return [...chains.filter(isSealing), ...chains.filter((source) => !isSealing(source))];
}

/** Chains that a head names and that are not there, and input in which there is nothing. */
function nameMissing({ outcomes, heads, findings }: Outcomes & { readonly heads: KnownHeads }) {
  const present = new Set(outcomes.map(({ chain }) => chain));
  for (const chain of heads.chains()) {
    if (present.has(chain)) continue;
    const largest = heads.of(chain).at(-1);
    const detail = `a ${largest?.source} head of size ${largest?.size} names this chain, and it is not there`;
    findings.add({ code: 'missing_chain', chain, position: null, detail });
  }
  if (outcomes.length > 0) return;
  const detail = 'there are no chains and no rows: nothing was verified';
  findings.add({ code: 'incomplete_export', chain: null, position: null, detail });
}

/**
 * Chains that end before a known head. When only outside heads know of what is gone, and the chain
 * that holds the checkpoints is short too, an older state of the whole was put back.
 */
function nameShort({ outcomes, findings }: Outcomes): void {
  const short = outcomes.flatMap((outcome) => {
    const { chain, beyond } = outcome;
    if (chain === undefined || beyond === undefined) return [];
    return findings.has('incomplete_export', chain) ? [] : [{ ...outcome, chain, beyond }];
  });
  const rolledBack =
    short.length > 1 &&
    short.every(({ beyond }) => beyond.source === 'outside') &&
    short.some(({ identity }) => identity.topic === sealingTopic);
  for (const { chain, beyond, count } of short) {
    const position = count === 0n ? null : count - 1n;
    const detail = `${count} rows are here, a known ${beyond.source} head covers ${beyond.size}`;
    findings.add({ code: rolledBack ? 'rollback' : 'truncated', chain, position, detail });
  }
}

function isComplete(findings: FindingLog): boolean {
  const partial = ['missing_chain', 'incomplete_export', 'truncated', 'rollback'] as const;
  return !findings.list().some(({ code }) => partial.some((part) => part === code));
}

/** Chains that nothing outside confirms, with the reason; those with worse findings have theirs. */
function nameUnanchored({ outcomes, findings, options }: Outcomes & { options: VerifyOptions }) {
  const named = new Set(
    findings
      .list()
      .flatMap(({ code, chain }) =>
        isTampering(code) || code === 'incomplete_export' ? [chain] : [],
      ),
  );
  const open = outcomes.filter(
    ({ chain, count, anchored }) => chain && count > 0n && !anchored && !named.has(chain),
  );
  const all = { code: 'unanchored', chain: null, position: null } as const;
  if (options.heads === undefined && open.length > 0)
    findings.add({
      ...all,
      detail: `nothing contradicts, but no outside head confirms: ${keepHead}`,
    });
  for (const { chain = null, sealed } of open) {
    if (options.heads !== undefined) {
      const detail = `no usable head in the given file covers this chain: ${keepHead}`;
      findings.add({ ...all, chain, detail });
    }
    if (options.trust?.sealingRequired === true && !sealed) {
      const detail =
        'no checkpoint signed by a pinned key covers this chain: is the signer running?';
      findings.add({ code: 'unsealed', chain, position: null, detail });
    }
  }
}

const keepHead =
  'keep a recent head outside the data directory, where who can change the data cannot change it, and pass it with --head FILE';

function summaryOf(outcome: ChainOutcome): VerifyReport['chains'] {
  const { chain, identity, first, last, count, head, anchored } = outcome;
  if (chain === undefined) return [];
  const { topic, partition } = identity;
  return [{ chain, topic, partition, first, last, count, head, anchored }];
}
