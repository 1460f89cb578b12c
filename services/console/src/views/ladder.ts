// The ladder of one sandbox: for each level the newest request, and what was read back of it.
import { Level } from '@sandtrail/schemas/finding';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import type * as z from 'zod';
import type { Rung } from '../contract/sandboxes.ts';
import type { BookedRequest } from '../ledger/containment-book.ts';

type RungView = z.input<typeof Rung>;

/** All seven rungs, lowest first. A release frees what was asked for before it. */
export function ladderOf(requests: readonly BookedRequest[]): RungView[] {
  const release = requests.findLast(
    ({ request, state }) => request.act === 'release' && state === 'released',
  );
  return Level.options.map((level) => {
    const booked = requests.findLast(
      ({ request }) => request.act === 'contain' && request.level === level,
    );
    if (booked === undefined) return freeRung(level);
    const { request, approvedBy, results } = booked;
    const isReleased = release !== undefined && release.atNs > request.requestedAtNs;
    return {
      level,
      state: isReleased ? 'released' : stateOf(booked),
      requestId: request.id,
      requestedBy: `${request.requester.type} ${request.requester.name}`,
      approvedBy: approvedBy ?? null,
      reason: request.reason,
      atNs: `${booked.atNs}`,
      results: [...results],
    };
  });
}

function freeRung(level: Level): RungView {
  const nobody = { requestId: null, requestedBy: null, approvedBy: null };
  return { level, state: 'free', ...nobody, reason: null, atNs: null, results: [] };
}

function stateOf({ state, results }: BookedRequest): RungView['state'] {
  switch (state) {
    case 'waiting':
    case 'sent':
    case 'applied':
    case 'failed':
    case 'released':
      return state;
    case 'denied':
    case 'refused':
      return 'free';
    case 'already_gone':
      return 'proven';
    case 'verified': {
      const last = results.findLast((result) => result.state === 'verified');
      return proofHolds(last?.level ?? 'L0', last?.proof) ? 'proven' : 'not_proven';
    }
    default:
      return state satisfies never;
  }
}
