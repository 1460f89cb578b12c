// One request at the scheduler: its results are checked one by one, and silence or a lie ends as failed.

import { type ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import { rankOf } from './ladder.ts';
import type { MadeRequest } from './request-signing.ts';
import type { Scheduler } from './scheduler.ts';

interface AttemptOptions {
  readonly made: MadeRequest;
  readonly scheduler: Scheduler;
  /** For everything, up to the look after 10 s. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** True once the sandbox was released after this was sent: then later looks are not owed. */
  readonly isReleased: () => boolean;
  /** Hears each result that is in order, and at most one `failed`, which is the last. */
  readonly onResult: (result: ContainmentResult) => Promise<void>;
}

const finalStates: readonly ContainmentResult['state'][] = ['already_gone', 'released', 'failed'];
/** An act and three looks, told twice over after a restart, fit many times. */
const resultsMax = 32;
const looks: readonly ContainmentResult['check'][] = ['at_once', 'after_1s', 'after_10s'];

/** Runs one attempt to its end; resolves when nothing more will be told. */
export async function runAttempt(options: AttemptOptions): Promise<void> {
  const { made, scheduler, timeoutMs, signal, onResult } = options;
  const { request } = made;
  const deadline = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([deadline, signal]);
  const verified: ContainmentResult['check'][] = [];
  let driver = 'unknown';
  let seen = 0;
  const fail = (detail: string) => onResult(failure(request, { driver, detail }));
  try {
    for await (const raw of untilAborted(scheduler.contain(made.signed, over), over)) {
      seen += 1;
      if (seen > resultsMax) return await fail('the scheduler never ends');
      const checked = checkResult(raw, request);
      if (typeof checked === 'string') return await fail(checked);
      driver = checked.driver;
      await onResult(checked);
      if (finalStates.includes(checked.state)) return;
      if (checked.state === 'verified') verified.push(checked.check);
    }
  } catch (error) {
    if (signal.aborted) return;
    return await fail(reasonOf(error));
  }
  if (signal.aborted) return;
  if (deadline.aborted && !options.isReleased()) return await fail(`no end within ${timeoutMs} ms`);
  const missing = looks.find((look) => !verified.includes(look));
  if (missing !== undefined && !options.isReleased())
    await fail(`the scheduler ended without a proof ${missing}`);
}

/** The result, when it is about this request and says what its proof shows; else why not. */
export function checkResult(raw: unknown, request: ContainmentRequest): ContainmentResult | string {
  const parsed = ContainmentResult.safeParse(raw);
  if (!parsed.success) return `unreadable result: ${parsed.error.issues[0]?.path.join('.') ?? ''}`;
  const result = parsed.data;
  const { requestId, sandbox, incarnation, level, state, proof } = result;
  const isOurs =
    requestId === request.id && sandbox === request.sandbox && incarnation === request.incarnation;
  if (!isOurs) return 'a result about another request';
  if (state === 'failed') return result;
  if (request.act === 'release')
    return state === 'released' || state === 'already_gone'
      ? result
      : `a release ended as ${state}`;
  if (state === 'released') return 'released, but containment was asked for';
  if (rankOf(level) < rankOf(request.level))
    return `${level} was applied instead of ${request.level}`;
  if (state === 'verified' && !proofHolds(level, proof)) return 'verified, but the proof says no';
  const deniesIt = state === 'already_gone' && proof !== undefined && !proofHolds('L5', proof);
  return deniesIt ? 'already gone, but the proof says no' : result;
}

interface Failing {
  readonly driver: string;
  readonly detail: string;
}

/** A `failed` result of the responder's own making. */
export function failure(
  request: ContainmentRequest,
  { driver, detail }: Failing,
): ContainmentResult {
  return {
    v: 1,
    requestId: request.id,
    sandbox: request.sandbox,
    incarnation: request.incarnation,
    level: request.level,
    state: 'failed',
    driver,
    check: 'at_once',
    evidenceLost: [],
    latencyUs: 0,
    detail: detail.slice(0, 512),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof SandtrailError) return `${error.code}: ${error.detail}`;
  return error instanceof Error ? `the scheduler failed: ${error.name}` : 'the scheduler failed';
}

/** Iterates until the end or the abort, also when the source never answers again. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal) {
  const iterator = source[Symbol.asyncIterator]();
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
