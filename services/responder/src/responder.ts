// The responder: answers findings and people with containment that is signed, written ahead and proven.
import type { KeyObject } from 'node:crypto';
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { noSpans, type Spans } from '@sandtrail/runtime/spans';
import { every, pause } from '@sandtrail/runtime/supervise';
import type { ContainmentRequest } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Finding, Level } from '@sandtrail/schemas/finding';
import { Acts, type Sent } from './acts.ts';
import { Approvals, type PersonDecision } from './approvals.ts';
import { BlastRadius } from './blast-radius.ts';
import { ContainmentRecord, type RecordContainment } from './containment-record.ts';
import { ContainmentReplay } from './containment-replay.ts';
import { type ContainmentReport, reportOf } from './containment-report.ts';
import { findingOf } from './finding-of.ts';
import { FindingResponse, type ResponsesOf } from './finding-response.ts';
import { followPlace } from './follow-place.ts';
import type { Judgement } from './ladder.ts';
import { RecentIds } from './recent-ids.ts';
import { RequestSigner, type RequestTerms } from './request-signing.ts';
import { ResponderLimits } from './responder-limits.ts';
import type { Scheduler } from './scheduler.ts';
import { type StandingReport, Standings, type Subject } from './standings.ts';

/** What one responder is made of; bounds that are not given have the defaults of `ResponderLimits`. */
export interface ResponderOptions {
  readonly scheduler: Scheduler;
  /** The log: findings are followed, containment is read back. */
  readonly reader: LogReader;
  readonly record: RecordContainment;
  readonly responsesOf: ResponsesOf;
  /** Ed25519; the scheduler has the public half pinned. */
  readonly privateKey: KeyObject;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
  readonly spans?: Spans;
  readonly limits?: Partial<ResponderLimits>;
}

/** A person asks for a level. */
export interface Quarantine extends Subject {
  readonly level: Level;
  readonly reason: string;
  readonly actor: string;
}

/** A person lowers a containment. */
export type Release = Omit<Quarantine, 'level'>;

/** Everything that a person may want to see. */
export interface ContainmentList {
  readonly standings: readonly StandingReport[];
  readonly waiting: readonly ContainmentReport[];
  /** Newest last. */
  readonly recent: readonly ContainmentReport[];
}

/** A running responder. */
export interface Responder {
  /** What the loop over the findings topic does with each; the same finding again changes nothing. */
  take(finding: Finding): Promise<void>;
  /**
   * A person's request acts without approval. Resolves with the first result that decides (verified
   * at once, failed, already gone); later looks go on by themselves.
   * @throws SandtrailError `CONTAIN_LEVEL_LOWER`, `CONTAIN_UNRECORDED`, `CONTAIN_EXPIRED`
   */
  quarantine(request: Quarantine): Promise<ContainmentReport>;
  /**
   * Approves a waiting request and resolves like `quarantine`.
   * @throws SandtrailError `CONTAIN_NOT_WAITING`, `CONTAIN_SELF_APPROVAL`, and as `quarantine`
   */
  approve(decision: PersonDecision): Promise<ContainmentReport>;
  /** @throws SandtrailError `CONTAIN_NOT_WAITING` */
  deny(decision: PersonDecision): Promise<ContainmentReport>;
  /** @throws SandtrailError `CONTAIN_SELF_RELEASE`, `CONTAIN_NOT_CONTAINED`, `CONTAIN_UNRECORDED` */
  release(request: Release): Promise<ContainmentReport>;
  list(): ContainmentList;
  /** The rung on which a sandbox is held; undefined when it is free. */
  level(subject: Subject): Level | undefined;
  /** Rejects when a loop of the responder broke; resolves after `close`. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const findings: Place = { topic: 'findings', partition: 0 };
const containments: Place = { topic: 'containment', partition: 0 };
/** Findings of this many records back are looked at again after a restart; each acts once. */
const findingsBackMax = 10_000n;
const sweepMs = 1000;
const knownMax = 50_000;

/**
 * Rebuilds the state from the containment topic, takes up what was unfinished, then follows the
 * findings. Resolves when the state is rebuilt and every unfinished request is on its way again.
 */
export async function startResponder(options: ResponderOptions): Promise<Responder> {
  const parts = assemble(options);
  const { acts, approvals, response, replay, record } = parts;
  const { reader, random, counters } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const { first, next } = await reader.bounds(containments);
  const past = { reader, place: containments, from: first, until: next, signal };
  await followPlace(past, (entry) => replay.take(entry));
  await takeUp({ replay, acts, approvals, record });

  const live = { reader, place: containments, from: next, signal };
  const bounds = await reader.bounds(findings);
  const back = bounds.next - findingsBackMax;
  const from = back > bounds.first ? back : bounds.first;
  const loops = Promise.all([
    followPlace(live, (entry) => replay.takeLive(entry)),
    followPlace({ reader, place: findings, from, signal }, async (entry) => {
      const finding = findingOf(entry);
      if (finding === undefined) counters.add('responder.findings', 1, 'unreadable');
      else if (finding !== 'other') await takePatiently(finding, { response, signal, options });
    }),
    every({ ms: sweepMs, signal }, () => approvals.denyOverdue()),
  ]);
  const ended = loops.then(() => undefined);
  // Whoever watches `ended` hears of it; nobody watching must not end the process.
  ended.catch(() => counters.add('responder.errors', 1, 'loop'));

  const incident = (kind: string) => `${kind}:${random(16).toString('hex')}`;
  const act = async (terms: RequestTerms) => conclude(await acts.send(terms), record);
  return {
    take: (finding) => response.take(finding),
    quarantine: ({ actor, ...asked }) =>
      act({ ...asked, act: 'contain', incident: incident('operator'), requester: person(actor) }),
    async approve(decision) {
      const request = await approvals.approve(decision);
      const sent = await acts.send(agreedTerms(request, decision.actor));
      if (sent.judgement !== 'act') {
        const reason = `approved, but not sent: ${sent.judgement}`;
        await record.refused(request, { by: 'responder', reason });
      }
      return conclude(sent, record);
    },
    deny: (decision) => approvals.deny(decision),
    release: ({ actor, ...asked }) =>
      act({
        ...asked,
        act: 'release',
        level: 'L0',
        incident: incident('release'),
        requester: person(actor),
      }),
    list: () => ({
      standings: parts.standings.list(),
      waiting: approvals.list(),
      recent: acts.reports,
    }),
    level(subject) {
      const { level } = parts.standings.of(subject);
      return level === 'L0' ? undefined : level;
    },
    ended,
    async close() {
      stopping.abort();
      await acts.stop();
      await Promise.allSettled([loops]);
    },
  };
}

function assemble(options: ResponderOptions) {
  const { clock, random, counters, log, privateKey, scheduler, responsesOf } = options;
  const limits = ResponderLimits.parse(options.limits ?? {});
  const record = new ContainmentRecord({ record: options.record, clock, counters });
  const signer = new RequestSigner({ privateKey, clock, random });
  const standings = new Standings(limits.standingsMax);
  const known = new RecentIds(knownMax);
  const { automaticActsMax: actsMax, automaticWindowMs: windowMs } = limits;
  const blastRadius = new BlastRadius({ actsMax, windowMs });
  const shared = { scheduler, record, signer, standings, known, clock, counters, log, limits };
  const acts = new Acts(shared);
  const approvals = new Approvals(shared);
  const response = new FindingResponse({ ...shared, acts, approvals, blastRadius, responsesOf });
  const onAutomatic = (atNs: bigint) => {
    blastRadius.take(atNs);
  };
  const replay = new ContainmentReplay({ signer, standings, known, counters, onAutomatic });
  return { acts, approvals, response, replay, record, standings };
}

type Parts = Pick<ReturnType<typeof assemble>, 'replay' | 'acts' | 'approvals' | 'record'>;

async function takeUp({ replay, acts, approvals, record }: Parts): Promise<void> {
  for (const made of replay.waiting) approvals.restore(made);
  for (const request of replay.forged.values()) {
    const reason = 'found in the log without the signature of this responder';
    await record.refused(request, { by: 'responder', reason });
  }
  for (const { made, results } of replay.unfinished.values()) await acts.resume(made, results);
}

interface Taking {
  readonly response: FindingResponse;
  readonly signal: AbortSignal;
  readonly options: ResponderOptions;
}

const retriesMax = 5;
const retryMs = 200;

/** The log may refuse a write for a moment; a finding is given up only after several tries. */
async function takePatiently(finding: Finding, { response, signal, options }: Taking) {
  const { spans = noSpans } = options;
  options.counters.add('responder.received');
  for (let tried = 1; !signal.aborted; tried += 1) {
    try {
      const { detector, severity } = finding;
      await spans.around('responder.finding', { detector, severity }, () => response.take(finding));
      options.counters.add('responder.answered');
      return undefined;
    } catch (error) {
      if (!(error instanceof SandtrailError)) throw error;
      const { counters, log } = options;
      counters.add('responder.errors', 1, 'finding');
      log.error('a finding could not be answered', {
        finding: finding.id,
        code: error.code,
        tried,
      });
      if (tried >= retriesMax) {
        counters.add('responder.given_up');
        return undefined;
      }
      await pause(retryMs * tried, signal);
    }
  }
  return undefined;
}

function agreedTerms(request: ContainmentRequest, approvedBy: string): RequestTerms {
  const { act, sandbox, incarnation, level, incident, reason, requester } = request;
  return { act, sandbox, incarnation, level, incident, reason, requester, approvedBy };
}

function person(name: string) {
  return { type: 'operator', name } as const;
}

/** The report of what was sent; a refusal is recorded and thrown. */
async function conclude(sent: Sent, record: ContainmentRecord): Promise<ContainmentReport> {
  if (sent.judgement === 'act') return sent.decided;
  const { request, judgement } = sent;
  if (judgement === 'already' || (judgement === 'ended' && request.act === 'contain'))
    return reportOf(request, { state: 'already' });
  const { code, reason } = refusals[judgement];
  await record.refused(request, { by: request.requester.name, reason });
  throw new SandtrailError(code, { detail: `${request.sandbox} ${request.incarnation}` });
}

type Refusing = Exclude<Judgement, 'act' | 'already'>;

const refusals = {
  lower: { code: 'CONTAIN_LEVEL_LOWER', reason: 'a higher level holds' },
  self_release: { code: 'CONTAIN_SELF_RELEASE', reason: 'a release by who asked for containment' },
  not_contained: { code: 'CONTAIN_NOT_CONTAINED', reason: 'the sandbox is not contained' },
  ended: { code: 'CONTAIN_NOT_CONTAINED', reason: 'the sandbox has ended' },
} as const satisfies Record<Refusing, { readonly code: string; readonly reason: string }>;
