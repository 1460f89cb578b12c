import { setTimeout as delay } from 'node:timers/promises';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Conduct,
  findingWith,
  obedient,
  ResponderRig,
  resultOf,
  sandbox,
} from './responder-rig.ts';
import { schedulerOf } from './scheduler.ts';

const person = {
  sandbox,
  incarnation: 0,
  reason: 'looks bad',
  actor: 'alice',
  level: 'L2',
} as const;
const still = {
  visited: 3,
  frozen: 3,
  alive: 3,
  escaped: 0,
  truncated: false,
  cpuDeltaUs: 0,
  openFlows: 0,
};
const applied = (request: ContainmentRequest) =>
  resultOf(request, { state: 'applied', check: 'at_once' });
const verified = (request: ContainmentRequest, rest: Partial<ContainmentResult> = {}) =>
  resultOf(request, { state: 'verified', check: 'at_once', proof: still, ...rest });
const never = () => new Promise<never>(() => undefined);

/** Yields the results that `tell` makes of the request, then ends. */
const telling = (
  ...tell: readonly ((request: ContainmentRequest) => ContainmentResult)[]
): Conduct =>
  async function* tellAll(request) {
    for (const one of tell) yield one(request);
  };

const lies: readonly (readonly [string, Conduct])[] = [
  [
    'without a proof',
    telling(applied, (r) => resultOf(r, { state: 'verified', check: 'at_once' })),
  ],
  [
    'with a proof that shows life',
    telling(applied, (r) => verified(r, { proof: { ...still, frozen: 2 } })),
  ],
  [
    'with a proof that shows an escape',
    telling(applied, (r) => verified(r, { proof: { ...still, escaped: 1 } })),
  ],
  [
    'with a proof that was cut short',
    telling(applied, (r) => verified(r, { proof: { ...still, truncated: true } })),
  ],
  [
    'with a proof of a sandbox that still computes',
    telling(applied, (r) => verified(r, { proof: { ...still, cpuDeltaUs: 9 } })),
  ],
  ['about another request', telling((r) => ({ ...applied(r), requestId: '0'.repeat(64) }))],
  [
    'about another sandbox',
    telling((r) => ({ ...applied(r), sandbox: SandboxUid.parse('sandbox-2') })),
  ],
  ['about another incarnation', telling((r) => ({ ...applied(r), incarnation: 1 }))],
  ['of a lower level', telling((r) => ({ ...applied(r), level: 'L1' }))],
  ['of a release', telling((r) => resultOf(r, { state: 'released', check: 'at_once' }))],
  [
    'that it is gone, with a proof that it is not',
    telling((r) => resultOf(r, { state: 'already_gone', check: 'at_once', proof: still })),
  ],
  ['and ends before it proved anything', telling(applied)],
  ['and ends before the later looks', telling(applied, verified)],
  [
    'and never ends',
    async function* chatter(r) {
      for (;;) yield applied(r);
    },
  ],
  [
    'and then hangs',
    async function* hang(r) {
      yield applied(r);
      yield await never();
    },
  ],
  ['never', () => ({ [Symbol.asyncIterator]: () => ({ next: never }) })],
  [
    'by throwing',
    () => {
      throw new Error('no route');
    },
  ],
  [
    'by refusing',
    () => {
      throw new SandtrailError('CONTAIN_UNKNOWN_SANDBOX', { detail: sandbox });
    },
  ],
  [
    'and reports a later failure',
    telling(applied, verified, (r) => resultOf(r, { state: 'failed', check: 'after_1s' })),
  ],
];

describe('a scheduler that answers', () => {
  test.each(lies)('%s ends as failed, once, and nothing is tried again', async (_what, conduct) => {
    await using rig = new ResponderRig({ conduct, limits: { attemptMs: 150 } });
    const responder = await rig.start();
    await responder.quarantine(person);
    await expect.poll(() => rig.kinds.filter((kind) => kind === 'failed')).toHaveLength(1);
    await delay(30);
    expect(rig.kinds.at(-1)).toBe('failed');
    expect(rig.kinds.filter((kind) => kind === 'failed')).toHaveLength(1);
    expect(rig.sent).toHaveLength(1);
    expect(rig.counters.snapshot()['responder.results{failed}']).toBe(1);
    expect(responder.list().recent).toMatchObject([{ state: 'failed' }]);
    // What failed may be asked for again, as a new act.
    rig.conduct = obedient;
    expect(await responder.quarantine(person)).toMatchObject({ state: 'verified' });
  });

  test('with any garbage never ends as verified', async () => {
    const garbage = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    await using rig = new ResponderRig({ limits: { attemptMs: 150 } });
    const responder = await rig.start();
    let incarnation = 0;
    await fc.assert(
      fc.asyncProperty(garbage, async (value) => {
        rig.conduct = async function* babble(request) {
          yield applied(request);
          const result: ContainmentResult = Object(value);
          yield result;
        };
        incarnation += 1;
        const report = await responder.quarantine({ ...person, incarnation });
        expect(report.state).toBe('failed');
      }),
      { numRuns: 30 },
    );
  });

  test('by calling back is a scheduler like any other, and its refusal is heard', async () => {
    const told: ContainmentResult[] = [];
    const { signal } = new AbortController();
    const scheduler = schedulerOf(async (_signed, onResult) => {
      onResult(template);
      await delay(5);
      onResult({ ...template, check: 'after_1s' });
      throw new SandtrailError('CONTROL_LOST', { detail: 'socket' });
    });
    const template: ContainmentResult = {
      v: 1,
      requestId: 'a'.repeat(64),
      sandbox,
      incarnation: 0,
      level: 'L2',
      state: 'applied',
      driver: 'test',
      check: 'at_once',
      evidenceLost: [],
      latencyUs: 1,
    };
    const signed = { request: '', keyId: '', signature: '' };
    const run = async () => {
      for await (const result of scheduler.contain(signed, signal)) told.push(result);
    };
    await expect(run()).rejects.toMatchObject({ code: 'CONTROL_LOST' });
    expect(told.map(({ check }) => check)).toEqual(['at_once', 'after_1s']);
  });

  test('while the sandbox is released owes no later look', async () => {
    const gate = Promise.withResolvers<void>();
    await using rig = new ResponderRig();
    rig.conduct = async function* slow(request) {
      if (request.act === 'release') yield* obedient(request);
      else {
        yield applied(request);
        yield verified(request);
        await gate.promise;
      }
    };
    const responder = await rig.start();
    await responder.quarantine(person);
    await responder.release({ ...person, actor: 'bob' });
    gate.resolve();
    await delay(20);
    expect(rig.kinds).toEqual(['requested', 'applied', 'verified', 'requested', 'released']);
  });
});

describe('a restart', () => {
  test('sends what was written ahead and not finished again, as the same request', async () => {
    await using rig = new ResponderRig({
      conduct: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    });
    const first = await rig.start();
    const asked = first.quarantine(person);
    await expect.poll(() => rig.sent).toHaveLength(1);
    await first.close();
    expect((await asked).state).toBe('sent');
    rig.conduct = obedient;
    const second = await rig.start();
    await expect.poll(() => rig.kinds.filter((kind) => kind === 'verified')).toHaveLength(3);
    expect(rig.sent).toHaveLength(2);
    expect(rig.sent[1]).toEqual(rig.sent[0]);
    expect(rig.kinds.filter((kind) => kind === 'requested')).toHaveLength(1);
    expect(second.list().standings).toMatchObject([{ level: 'L2', requesters: ['alice'] }]);
    expect(await second.release(person).catch((error: unknown) => `${error}`)).toContain(
      'another actor',
    );
  });

  test('after the expiry fails what was unfinished, once, and sends nothing', async () => {
    await using rig = new ResponderRig({
      conduct: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    });
    const first = await rig.start();
    void first.quarantine(person);
    await expect.poll(() => rig.sent).toHaveLength(1);
    await first.close();
    rig.aheadMs = 31_000;
    await (await rig.start()).close();
    await (await rig.start()).close();
    expect(rig.sent).toHaveLength(1);
    expect(rig.kinds).toEqual(['requested', 'failed']);
  });

  test('keeps what waits for a person waiting, also between approval and sending', async () => {
    await using rig = new ResponderRig();
    const first = await rig.start();
    const finding = findingWith(rig, { witnessed: false });
    await first.take(finding);
    const [waiting] = first.list().waiting;
    const requestId = waiting?.requestId ?? '';
    await rig.append('containment.approved', { requestId, by: 'alice', reason: '' });
    await first.close();
    const second = await rig.start();
    expect(second.list().waiting).toMatchObject([{ requestId }]);
    expect(await second.approve({ requestId, actor: 'bob' })).toMatchObject({ state: 'verified' });
    await second.close();
    expect((await rig.start()).list().waiting).toEqual([]);
  });

  test('refuses a request in the log that the responder did not sign', async () => {
    await using rig = new ResponderRig();
    const first = await rig.start();
    await first.quarantine({ ...person, level: 'L1' });
    await expect.poll(() => rig.kinds.filter((kind) => kind === 'verified')).toHaveLength(3);
    await first.close();
    const [own] = rig.recorded;
    if (own?.kind !== 'containment.requested') throw new Error('a request was recorded');
    const { observedAtNs: _at, kind, ...fields } = own;
    await rig.append(kind, { ...fields, request: { ...fields.request, level: 'L5' } });
    await rig.append(kind, { request: { ...fields.request, id: '1'.repeat(64) } });
    await (await rig.start()).close();
    await (await rig.start()).close();
    expect(rig.sent).toHaveLength(1);
    expect(rig.kinds.filter((one) => one === 'refused')).toHaveLength(2);
  });
});
