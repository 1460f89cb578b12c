// Requests that wait for a person: decided once, by somebody else, or denied when the time is up.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ContainmentRequest } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { ContainmentRecord, Verdict } from './containment-record.ts';
import { type ContainmentReport, reportOf } from './containment-report.ts';
import { rankOf } from './ladder.ts';
import type { MadeRequest, RequestSigner, RequestTerms } from './request-signing.ts';
import type { ResponderLimits } from './responder-limits.ts';

interface ApprovalsOptions {
  readonly record: ContainmentRecord;
  readonly signer: RequestSigner;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits: Pick<ResponderLimits, 'approvalMs' | 'approvalsMax'>;
}

/** A person's decision about one request. */
export interface PersonDecision {
  readonly requestId: string;
  readonly actor: string;
  readonly reason?: string;
}

/** The waiting requests of one responder. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  readonly #waiting = new Map<string, ContainmentRequest>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  list(): readonly ContainmentReport[] {
    return [...this.#waiting.values()].map((request) => reportOf(request, { state: 'waiting' }));
  }

  /**
   * Lets a request wait. False when one for the same sandbox waits already that reaches as far.
   * Beyond the bound it is refused, on record.
   */
  async ask(terms: RequestTerms): Promise<boolean> {
    const { signer, record, limits, counters } = this.#options;
    const made = signer.make(terms, limits.approvalMs);
    const { request } = made;
    if (this.#isAskedFor(request)) return false;
    if (this.#waiting.size >= limits.approvalsMax) {
      counters.add('responder.approvals', 1, 'full');
      const reason = `${limits.approvalsMax} requests wait already`;
      await record.refused(request, { by: 'responder', reason });
      return true;
    }
    this.#waiting.set(request.id, request);
    try {
      await record.requested(made, 'approval');
    } catch (cause) {
      this.#waiting.delete(request.id);
      throw new SandtrailError('CONTAIN_UNRECORDED', { detail: request.id, cause });
    }
    counters.add('responder.approvals', 1, 'asked');
    return true;
  }

  /** Takes up a request that waited in an earlier run. */
  restore({ request }: MadeRequest): void {
    this.#waiting.set(request.id, request);
  }

  /**
   * The request, approved; it waits no longer.
   * @throws SandtrailError `CONTAIN_NOT_WAITING`, `CONTAIN_SELF_APPROVAL`
   */
  async approve(decision: PersonDecision): Promise<ContainmentRequest> {
    const request = this.#waitingFor(decision);
    const { requester } = request;
    if (requester.type === 'operator' && requester.name === decision.actor) {
      const reason = 'approval by the requester';
      await this.#options.record.refused(request, { by: decision.actor, reason });
      throw new SandtrailError('CONTAIN_SELF_APPROVAL', { detail: decision.actor });
    }
    await this.#decide(request, 'approved', verdictOf(decision));
    return request;
  }

  /** @throws SandtrailError `CONTAIN_NOT_WAITING` */
  async deny(decision: PersonDecision): Promise<ContainmentReport> {
    const request = this.#waitingFor(decision);
    await this.#decide(request, 'denied', verdictOf(decision));
    return reportOf(request, { state: 'denied' });
  }

  /** Denies what nobody decided in time. */
  async denyOverdue(): Promise<void> {
    const nowNs = this.#options.clock.nowNs();
    for (const request of [...this.#waiting.values()]) {
      if (request.expiresAtNs > nowNs) continue;
      const reason = 'nobody decided in time';
      await this.#decide(request, 'denied', { by: 'timeout', reason });
    }
  }

  #waitingFor({ requestId }: PersonDecision): ContainmentRequest {
    const request = this.#waiting.get(requestId);
    if (request !== undefined && request.expiresAtNs > this.#options.clock.nowNs()) return request;
    throw new SandtrailError('CONTAIN_NOT_WAITING', { detail: requestId.slice(0, 64) });
  }

  /** Taken off the list before anything is awaited, so that no second decision finds it. */
  async #decide(request: ContainmentRequest, to: 'approved' | 'denied', verdict: Verdict) {
    const { record, counters } = this.#options;
    this.#waiting.delete(request.id);
    try {
      await (to === 'approved'
        ? record.approved(request, verdict)
        : record.denied(request, verdict));
    } catch (cause) {
      this.#waiting.set(request.id, request);
      throw new SandtrailError('CONTAIN_UNRECORDED', { detail: request.id, cause });
    }
    counters.add('responder.approvals', 1, verdict.by === 'timeout' ? 'timeout' : to);
  }

  #isAskedFor({ sandbox, incarnation, level }: ContainmentRequest): boolean {
    return [...this.#waiting.values()].some(
      (other) =>
        other.sandbox === sandbox &&
        other.incarnation === incarnation &&
        rankOf(other.level) >= rankOf(level),
    );
  }
}

function verdictOf({ actor, reason = '' }: PersonDecision): Verdict {
  return { by: actor, reason };
}
