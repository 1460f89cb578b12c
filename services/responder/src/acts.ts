// Carries requests out: judged, written ahead, sent, and every result settled and recorded.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { failure, runAttempt } from './attempt.ts';
import type { ContainmentRecord } from './containment-record.ts';
import { type ContainmentReport, reportOf } from './containment-report.ts';
import { begin, finish, type Judgement, judgeRequest, settle } from './ladder.ts';
import type { RecentIds } from './recent-ids.ts';
import type { MadeRequest, RequestSigner, RequestTerms } from './request-signing.ts';
import type { ResponderLimits } from './responder-limits.ts';
import type { Scheduler } from './scheduler.ts';
import type { Standings } from './standings.ts';

/** What acts are made of; shared with the rest of the responder. */
export interface ActsOptions {
  readonly scheduler: Scheduler;
  readonly record: ContainmentRecord;
  readonly signer: RequestSigner;
  readonly standings: Standings;
  /** Requests that were dealt with, in this run or an earlier one. */
  readonly known: RecentIds;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly limits: ResponderLimits;
}

/** Not sent and why, or sent: `decided` resolves with the first result that decides. */
export type Sent =
  | { readonly judgement: Exclude<Judgement, 'act'>; readonly request: ContainmentRequest }
  | { readonly judgement: 'act'; readonly decided: Promise<ContainmentReport> };

interface UnderWay {
  readonly made: MadeRequest;
  results: readonly ContainmentResult[];
  readonly decided: PromiseWithResolvers<ContainmentReport>;
}

/** The acts of one responder. */
export class Acts {
  readonly #options: ActsOptions;
  readonly #stopping = new AbortController();
  readonly #attempts = new Set<Promise<void>>();
  readonly #reports = new Map<string, ContainmentReport>();

  constructor(options: ActsOptions) {
    this.#options = options;
  }

  /** Newest last. */
  get reports(): readonly ContainmentReport[] {
    return [...this.#reports.values()];
  }

  /**
   * Judges a request, reserves its place, writes it ahead and sends it.
   * @throws SandtrailError `CONTAIN_UNRECORDED`, or `CONTAIN_EXPIRED` when the writing took too long:
   * then nothing was sent
   */
  async send(terms: RequestTerms): Promise<Sent> {
    const { signer, standings, record, limits, known } = this.#options;
    const made = signer.make(terms, limits.requestMs);
    const { request } = made;
    const judgement = judgeRequest(standings.of(request), request);
    if (judgement !== 'act') return { judgement, request };
    standings.change(request, (standing) => begin(standing, request));
    known.add(request.id);
    try {
      await record.requested(made);
    } catch (cause) {
      standings.change(request, (standing) => finish(standing, request.id));
      known.delete(request.id);
      throw new SandtrailError('CONTAIN_UNRECORDED', { detail: request.id, cause });
    }
    if (await this.#isTooLate(request))
      throw new SandtrailError('CONTAIN_EXPIRED', { detail: request.id });
    return { judgement, decided: this.#launch(made, []) };
  }

  /** Takes up a request of an earlier run: sent again while it lives, else failed. */
  async resume(made: MadeRequest, results: readonly ContainmentResult[]): Promise<void> {
    const { standings, clock, counters } = this.#options;
    const { request } = made;
    standings.change(request, (standing) => begin(standing, request));
    if (clock.nowNs() < request.expiresAtNs) {
      counters.add('responder.resumed');
      this.#keepReport(this.#launch(made, results));
      return;
    }
    const under = { made, results, decided: Promise.withResolvers<ContainmentReport>() };
    const detail = 'the responder stopped before the end was known, and the request expired';
    await this.#take(under, failure(request, { driver: 'unknown', detail }));
    standings.change(request, (standing) => finish(standing, request.id));
  }

  /** Ends the attempts; what the scheduler does goes on and is taken up by the next run. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#attempts);
  }

  async #isTooLate(request: ContainmentRequest): Promise<boolean> {
    const { standings, record, clock } = this.#options;
    if (clock.nowNs() < request.expiresAtNs) return false;
    standings.change(request, (standing) => finish(standing, request.id));
    await record.refused(request, { by: 'responder', reason: 'expired before it could be sent' });
    return true;
  }

  #launch(made: MadeRequest, results: readonly ContainmentResult[]): Promise<ContainmentReport> {
    const { scheduler, standings, limits, counters, log } = this.#options;
    const { request } = made;
    const under: UnderWay = { made, results, decided: Promise.withResolvers() };
    this.#report(under, 'sent');
    counters.add('responder.sent', 1, request.act === 'release' ? 'release' : request.level);
    const attempt = runAttempt({
      made,
      scheduler,
      timeoutMs: limits.attemptMs,
      signal: this.#stopping.signal,
      isReleased: () => standings.of(request).releasedAtNs > request.requestedAtNs,
      onResult: (result) => this.#take(under, result),
    })
      .catch((error: unknown) => {
        counters.add('responder.errors', 1, 'attempt');
        log.error('a containment attempt broke off', { request: request.id, error: `${error}` });
      })
      .finally(() => {
        standings.change(request, (standing) => finish(standing, request.id));
        this.#attempts.delete(attempt);
        under.decided.resolve(
          this.#reports.get(request.id) ?? reportOf(request, { state: 'sent' }),
        );
      });
    this.#attempts.add(attempt);
    return under.decided.promise;
  }

  /** Settles and records one result, unless an earlier run did. */
  async #take(under: UnderWay, result: ContainmentResult): Promise<void> {
    const { standings, record, clock, counters, log } = this.#options;
    const { request } = under.made;
    const isKnown = under.results.some(
      ({ state, check }) => state === result.state && check === result.check,
    );
    if (isKnown) return;
    under.results = [...under.results, result];
    const { state, level } = result;
    const told = { ...result, atNs: clock.nowNs() };
    standings.change(request, (standing) => settle(standing, told));
    counters.add('responder.results', 1, state);
    this.#report(under, state);
    if (state === 'failed') {
      const { sandbox, incarnation } = request;
      const detail = result.detail ?? 'the proof does not hold';
      log.error('containment failed', {
        ...{ sandbox, incarnation, rung: level, request: request.id, detail },
      });
    }
    await record.result(request, result).catch((error: unknown) => {
      // The effect stands; what could not be written is counted, and the next run reads it again.
      counters.add('responder.errors', 1, 'record');
      log.error('a containment result could not be recorded', { error: `${error}` });
    });
    if (state !== 'applied') {
      const report = this.#reports.get(request.id);
      if (report !== undefined) under.decided.resolve(report);
    }
  }

  #report({ made, results }: UnderWay, state: ContainmentReport['state']): void {
    const { request } = made;
    this.#reports.delete(request.id);
    this.#reports.set(request.id, reportOf(request, { state, results }));
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > this.#options.limits.reportsMax && oldest !== undefined)
      this.#reports.delete(oldest);
  }

  /** A resumed request has no caller that waits: its report is kept all the same. */
  #keepReport(decided: Promise<ContainmentReport>): void {
    const settled = decided.then((report) => {
      this.#reports.set(report.requestId, report);
    });
    this.#attempts.add(settled);
    void settled.finally(() => this.#attempts.delete(settled));
  }
}
