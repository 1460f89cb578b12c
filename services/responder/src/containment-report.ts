// A request and what became of it, as the command line and the console show it.
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';

/** JSON-ready. `verified` is said only with a proof that holds; `already` means that nothing was sent. */
export interface ContainmentReport {
  readonly requestId: string;
  readonly act: ContainmentRequest['act'];
  readonly sandbox: string;
  readonly incarnation: number;
  readonly level: ContainmentRequest['level'];
  readonly requester: ContainmentRequest['requester'];
  readonly approvedBy?: string;
  readonly reason: string;
  readonly requestedAtNs: string;
  /** A waiting request counts as denied from then on. */
  readonly expiresAtNs: string;
  readonly state: 'waiting' | 'denied' | 'sent' | 'already' | ContainmentResult['state'];
  readonly results: readonly ContainmentResult[];
}

interface Became {
  readonly state: ContainmentReport['state'];
  readonly results?: readonly ContainmentResult[];
}

/** The report of a request in this state. */
export function reportOf(request: ContainmentRequest, became: Became): ContainmentReport {
  const { id, act, sandbox, incarnation, level, requester, approvedBy, reason } = request;
  return {
    requestId: id,
    act,
    sandbox,
    incarnation,
    level,
    requester,
    ...(approvedBy === undefined ? {} : { approvedBy }),
    reason,
    requestedAtNs: request.requestedAtNs.toString(),
    expiresAtNs: request.expiresAtNs.toString(),
    state: became.state,
    results: became.results ?? [],
  };
}
