import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { ContainmentRequest as RequestSchema } from '@sandtrail/schemas/containment';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { expect, test } from 'vitest';
import type { BookedRequest } from '../ledger/containment-book.ts';
import { ladderOf } from './ladder.ts';

const sandbox = SandboxUid.parse('sandbox-1');

function requestOf(level: string, act: ContainmentRequest['act'], atNs: string) {
  return RequestSchema.parse({
    ...{ v: 1, id: 'a'.repeat(64), act, sandbox, incarnation: 0, level, incident: 'operator:1' },
    ...{ reason: 'r', requester: { type: 'operator', name: 'rosa' }, requestedAtNs: atNs },
    ...{ expiresAtNs: '99', nonce: 'b'.repeat(32) },
  });
}

function booked(change: Partial<BookedRequest>): BookedRequest {
  const request = requestOf('L2', 'contain', '1');
  return { request, state: 'sent', approvedBy: undefined, results: [], atNs: 2n, ...change };
}

const frozen = { visited: 4, frozen: 4, alive: 4, escaped: 0, truncated: false, cpuDeltaUs: 0 };
const result = (proof: ContainmentResult['proof']): ContainmentResult => ({
  ...{ v: 1, requestId: 'a'.repeat(64), sandbox, incarnation: 0, level: 'L2', latencyUs: 1 },
  ...{ state: 'verified', driver: 'cgroup', check: 'at_once', evidenceLost: [] },
  ...(proof === undefined ? {} : { proof }),
});

const stateOfL2 = (...requests: readonly BookedRequest[]) => ladderOf(requests)[2]?.state;

test('nothing asked leaves every rung free', () => {
  expect(ladderOf([]).map(({ state }) => state)).toEqual(Array.from({ length: 7 }, () => 'free'));
});

test('a rung is proven by a proof that holds, and by nothing else', () => {
  const verified = { state: 'verified' } as const;
  expect(stateOfL2(booked({ ...verified, results: [result(frozen)] }))).toBe('proven');
  expect(stateOfL2(booked({ ...verified, results: [result(undefined)] }))).toBe('not_proven');
  const escaped = { ...frozen, escaped: 1 };
  expect(stateOfL2(booked({ ...verified, results: [result(escaped)] }))).toBe('not_proven');
  expect(stateOfL2(booked({ state: 'failed' }))).toBe('failed');
  expect(stateOfL2(booked({ state: 'denied' }))).toBe('free');
});

test('a release frees what was asked for before it, and not what comes after', () => {
  const release = booked({
    request: requestOf('L0', 'release', '5'),
    state: 'released',
    atNs: 6n,
  });
  const before = booked({ state: 'applied' });
  expect(stateOfL2(before, release)).toBe('released');
  const again = booked({ request: requestOf('L2', 'contain', '7'), state: 'applied' });
  expect(stateOfL2(before, release, again)).toBe('applied');
});
