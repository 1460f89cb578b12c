// What the responder puts into the log: each request before its effect, each result after it.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import type { Observation } from '@sandtrail/schemas/observation';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { type MadeRequest, requestWire } from './request-signing.ts';

/** The observations that the responder makes. */
export type ContainmentObservation = Extract<Observation, { kind: `containment.${string}` }>;

/** Resolves when the observation is durable in the log; rejects when it is not. */
export type RecordContainment = (
  observation: ContainmentObservation,
  sandbox: SandboxUid,
  incarnation: number,
) => Promise<void>;

interface ContainmentRecordOptions {
  readonly record: RecordContainment;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Who decided, and in which words. */
export interface Verdict {
  readonly by: string;
  readonly reason: string;
}

/** The responder's record. Every method resolves when what it says is durable. */
export class ContainmentRecord {
  readonly #options: ContainmentRecordOptions;

  constructor(options: ContainmentRecordOptions) {
    this.#options = options;
  }

  /** Written ahead: nothing is sent before this resolves, and nothing at all while it waits. */
  requested({ request, signed }: MadeRequest, awaiting?: 'approval'): Promise<void> {
    const { keyId, signature } = signed;
    const wait = awaiting === undefined ? {} : { awaiting };
    const fields = { request: requestWire(request), keyId, signature, ...wait };
    return this.#write(request, { kind: 'containment.requested', ...fields });
  }

  approved(request: ContainmentRequest, verdict: Verdict): Promise<void> {
    return this.#write(request, { kind: 'containment.approved', ...said(request, verdict) });
  }

  denied(request: ContainmentRequest, verdict: Verdict): Promise<void> {
    return this.#write(request, { kind: 'containment.denied', ...said(request, verdict) });
  }

  refused(request: ContainmentRequest, verdict: Verdict): Promise<void> {
    return this.#write(request, { kind: 'containment.refused', ...said(request, verdict) });
  }

  result(request: ContainmentRequest, result: ContainmentResult): Promise<void> {
    return this.#write(request, { kind: kindOf(result), result });
  }

  async #write(request: ContainmentRequest, observation: Untimed<ContainmentObservation>) {
    const { record, clock, counters } = this.#options;
    const observedAtNs = clock.nowNs().toString();
    counters.add('responder.records', 1, observation.kind);
    await record({ ...observation, observedAtNs }, request.sandbox, request.incarnation);
  }
}

type Untimed<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;

function said({ id }: ContainmentRequest, { by, reason }: Verdict) {
  return { requestId: id, by: by.slice(0, 128), reason: reason.slice(0, 512) };
}

function kindOf({ state }: ContainmentResult) {
  switch (state) {
    case 'applied':
    case 'already_gone':
      return 'containment.applied';
    case 'verified':
      return 'containment.verified';
    case 'released':
      return 'containment.released';
    case 'failed':
      return 'containment.failed';
    default:
      return state satisfies never;
  }
}
