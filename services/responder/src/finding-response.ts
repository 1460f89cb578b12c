// Answers findings: contains at once where that is allowed, else asks a person, each finding once.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { Finding, Level } from '@sandtrail/schemas/finding';
import type { Acts } from './acts.ts';
import type { Approvals } from './approvals.ts';
import type { BlastRadius } from './blast-radius.ts';
import { judgeRequest } from './ladder.ts';
import type { RecentIds } from './recent-ids.ts';
import { actId, type RequestTerms } from './request-signing.ts';
import type { ResponderLimits } from './responder-limits.ts';
import { decideResponse, type Responses } from './response-decision.ts';
import type { Standings, Subject } from './standings.ts';

/** The response rules of a sandbox's policy; undefined when it is not known: then a person decides. */
export type ResponsesOf = (subject: Subject) => Responses;

interface FindingResponseOptions {
  readonly acts: Acts;
  readonly approvals: Approvals;
  readonly standings: Standings;
  readonly known: RecentIds;
  readonly blastRadius: BlastRadius;
  readonly responsesOf: ResponsesOf;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly limits: ResponderLimits;
}

/** What findings lead to. */
export class FindingResponse {
  readonly #options: FindingResponseOptions;

  constructor(options: FindingResponseOptions) {
    this.#options = options;
  }

  /**
   * Resolves when what follows is written ahead and sent, or waits for a person; not when it is
   * done. The same finding again changes nothing.
   * @throws SandtrailError `CONTAIN_UNRECORDED`: nothing was done, take it again later
   */
  async take(finding: Finding): Promise<void> {
    const { counters, clock, limits, standings, responsesOf } = this.#options;
    const ageMs = Number((clock.nowNs() - finding.timeNs) / 1_000_000n);
    const isSettled = finding.timeNs <= standings.of(finding).releasedAtNs;
    if (ageMs > limits.staleMs || isSettled) {
      counters.add('responder.findings', 1, isSettled ? 'released_since' : 'stale');
      return;
    }
    const responses = responsesOf(finding);
    const decision = decideResponse(finding, { responses, ageMs, freshMs: limits.freshMs });
    if (decision.automatic !== undefined) await this.#act(finding, decision.automatic);
    if (decision.approval !== undefined) await this.#ask(finding, decision.approval);
    if (decision.automatic === undefined && decision.approval === undefined)
      counters.add('responder.findings', 1, 'no_act');
  }

  async #act(finding: Finding, level: Level): Promise<void> {
    const { acts, counters, blastRadius, clock, log, limits } = this.#options;
    const terms = termsOf(finding, level);
    if (!this.#isNews(terms)) return;
    if (!blastRadius.take(clock.nowNs())) {
      counters.add('responder.findings', 1, 'blast_radius');
      const { sandbox, incarnation, id } = finding;
      const { automaticActsMax: actsMax, automaticWindowMs: windowMs } = limits;
      log.warn(
        'automatic containment is at its limit: this waits for a person (sandtrail approve)',
        {
          ...{ sandbox, incarnation, finding: id, actsMax, windowMs },
        },
      );
      await this.#ask(finding, level);
      return;
    }
    counters.add('responder.findings', 1, 'automatic');
    const takenMs = clock.monotonicMs();
    const sent = await acts.send(terms);
    if (sent.judgement !== 'act') return;
    // Not waited for: the next finding has its turn. It resolves in any case.
    void sent.decided.then(({ state }) => {
      const isContained = state === 'verified' || state === 'already_gone';
      const tookMs = clock.monotonicMs() - takenMs;
      if (isContained) counters.time('responder.finding_to_contained', tookMs);
    });
  }

  async #ask(finding: Finding, level: Level): Promise<void> {
    const { approvals, counters, known } = this.#options;
    const terms = termsOf(finding, level);
    if (!this.#isNews(terms)) return;
    known.add(actId(terms));
    try {
      const asked = await approvals.ask(terms);
      counters.add('responder.findings', 1, asked ? 'approval' : 'asked_already');
    } catch (error) {
      known.delete(actId(terms));
      throw error;
    }
  }

  /** False when this act was dealt with, or the sandbox stands there or higher. */
  #isNews(terms: RequestTerms): boolean {
    const { known, standings, counters } = this.#options;
    const id = actId(terms);
    const judgement = judgeRequest(standings.of(terms), { id, ...terms });
    if (!known.has(id) && judgement === 'act') return true;
    counters.add('responder.findings', 1, 'already');
    return false;
  }
}

function termsOf(finding: Finding, level: Level): RequestTerms {
  const { sandbox, incarnation, detector, explanation, id } = finding;
  return {
    act: 'contain',
    sandbox,
    incarnation,
    level,
    incident: `finding:${id}`,
    reason: explanation,
    requester: { type: 'detector', name: detector },
  };
}
