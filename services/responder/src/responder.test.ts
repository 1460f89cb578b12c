import { SandtrailError } from '@sandtrail/schemas/errors';
import { describe, expect, test } from 'vitest';
import { findingWith, ResponderRig, sandbox } from './responder-rig.ts';

const person = { sandbox, incarnation: 0, reason: 'looks bad', actor: 'alice' };
const cleanRun = ['requested', 'applied', 'verified', 'verified', 'verified'];

function code(error: unknown): string {
  return error instanceof SandtrailError ? error.code : String(error);
}
const refusal = (promise: Promise<unknown>) => promise.then(() => 'done', code);

describe('a finding', () => {
  test('from the log is answered at once, signed, written ahead and proven three times', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    await rig.publish(findingWith(rig));
    await expect.poll(() => rig.kinds).toEqual(cleanRun);
    expect(rig.sent).toHaveLength(1);
    expect(rig.sent[0]).toMatchObject({
      act: 'contain',
      level: 'L2',
      requester: { type: 'detector', name: 'escape-primitive' },
    });
    expect(responder.list().standings).toMatchObject([{ sandbox, level: 'L2', holds: true }]);
    expect(responder.list().recent).toMatchObject([{ state: 'verified', level: 'L2' }]);
  });

  test('is acted on once, however often it comes and across restarts', async () => {
    await using rig = new ResponderRig();
    const first = await rig.start();
    const finding = findingWith(rig);
    await rig.publish(finding);
    await Promise.all([first.take(finding), first.take(finding), rig.publish(finding)]);
    await expect.poll(() => rig.kinds).toEqual(cleanRun);
    await first.close();
    const second = await rig.start();
    await rig.publish(findingWith(rig, { id: 'd'.repeat(64) }));
    await second.take(finding);
    await expect
      .poll(() => rig.counters.snapshot()['responder.findings{already}'])
      .toBeGreaterThan(4);
    expect(rig.sent).toHaveLength(1);
    expect(second.list().standings).toMatchObject([{ level: 'L2', holds: true }]);
  });

  test.each([
    ['is not witnessed', { witnessed: false }],
    ['recommends to ask', { recommend: { act: 'approve', level: 'L5' } as const }],
    ['is old', { timeNs: 0n, staleOk: true }],
  ])(
    'that %s waits for a person',
    async (_what, { staleOk, ...parts }: Record<string, unknown>) => {
      await using rig = new ResponderRig();
      const responder = await rig.start();
      const timeNs = rig.clock.nowNs() - (staleOk === true ? 120_000_000_000n : 0n);
      await responder.take(findingWith(rig, { ...parts, timeNs }));
      expect(rig.sent).toEqual([]);
      expect(rig.recorded).toMatchObject([{ kind: 'containment.requested', awaiting: 'approval' }]);
      expect(responder.list().waiting).toMatchObject([{ state: 'waiting' }]);
    },
  );

  test('about a sandbox whose policy is not known, or forbids it, waits for a person', async () => {
    for (const responses of [undefined, { automatic: false, automatic_level_max: 'L5' } as const]) {
      await using rig = new ResponderRig({ responsesOf: () => responses });
      const responder = await rig.start();
      await responder.take(findingWith(rig));
      expect(rig.sent).toEqual([]);
      expect(responder.list().waiting).toHaveLength(1);
    }
  });

  test('beyond the automatic level gets that level at once and a question for the rest', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    await responder.take(findingWith(rig, { recommend: { act: 'contain', level: 'L5' } }));
    await expect.poll(() => rig.sent.map(({ level }) => level)).toEqual(['L2']);
    expect(responder.list().waiting).toMatchObject([{ level: 'L5' }]);
  });

  test('that only watches, or is very old, or was settled by a release, leads to nothing', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    const before = findingWith(rig, { id: 'e'.repeat(64) });
    await responder.take(findingWith(rig, { recommend: { act: 'watch' } }));
    await responder.take(findingWith(rig, { timeNs: 1n }));
    await responder.quarantine({ ...person, level: 'L2' });
    await responder.release({ ...person, actor: 'bob' });
    await responder.take(before);
    expect(rig.sent.map(({ act }) => act)).toEqual(['contain', 'release']);
    expect(responder.list().waiting).toEqual([]);
  });

  test('beyond ten acts a minute waits for a person', async () => {
    await using rig = new ResponderRig({ limits: { automaticActsMax: 3 } });
    const responder = await rig.start();
    for (let at = 0; at < 5; at += 1) {
      const id = `${at}`.repeat(64);
      await responder.take(findingWith(rig, { id, incarnation: at }));
    }
    expect(rig.sent).toHaveLength(3);
    expect(responder.list().waiting).toHaveLength(2);
    expect(rig.counters.snapshot()['responder.findings{blast_radius}']).toBe(2);
  });
});

describe('a person', () => {
  test('contains at once and hears the proof', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    const report = await responder.quarantine({ ...person, level: 'L5' });
    expect(report).toMatchObject({ state: 'verified', level: 'L5', requester: { name: 'alice' } });
    expect(report.results.at(-1)?.proof?.alive).toBe(0);
    JSON.stringify(responder.list());
  });

  test('never lowers a level without a release, and a refusal is on record', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    await responder.quarantine({ ...person, level: 'L2' });
    expect(await refusal(responder.quarantine({ ...person, level: 'L1' }))).toBe(
      'CONTAIN_LEVEL_LOWER',
    );
    expect(await responder.quarantine({ ...person, level: 'L2' })).toMatchObject({
      state: 'already',
    });
    expect(rig.kinds.filter((kind) => kind === 'refused')).toHaveLength(1);
    expect(rig.sent).toHaveLength(1);
  });

  test('does not release what she asked for herself; another one does', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    await responder.quarantine({ ...person, level: 'L2' });
    expect(await refusal(responder.release(person))).toBe('CONTAIN_SELF_RELEASE');
    expect(responder.list().standings).toMatchObject([{ level: 'L2' }]);
    expect(await responder.release({ ...person, actor: 'bob' })).toMatchObject({
      state: 'released',
    });
    expect(responder.list().standings).toMatchObject([{ level: 'L0' }]);
    expect(await refusal(responder.release({ ...person, actor: 'bob' }))).toBe(
      'CONTAIN_NOT_CONTAINED',
    );
    expect(await responder.quarantine({ ...person, level: 'L2' })).toMatchObject({
      state: 'verified',
    });
  });

  test('approves a waiting request once; what is sent names her', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    await responder.take(findingWith(rig, { witnessed: false }));
    const [waiting] = responder.list().waiting;
    const requestId = waiting?.requestId ?? '';
    const both = await Promise.all([
      refusal(responder.approve({ requestId, actor: 'alice' })),
      refusal(responder.approve({ requestId, actor: 'bob' })),
    ]);
    expect(both.sort()).toEqual(['CONTAIN_NOT_WAITING', 'done']);
    expect(rig.sent).toMatchObject([{ id: requestId, approvedBy: 'alice' }]);
    await expect.poll(() => rig.kinds).toEqual(['requested', 'approved', ...cleanRun]);
  });

  test('denies, and so does time', async () => {
    await using rig = new ResponderRig({ limits: { approvalMs: 60_000 } });
    const responder = await rig.start();
    await responder.take(findingWith(rig, { witnessed: false }));
    await responder.take(
      findingWith(rig, { id: 'f'.repeat(64), incarnation: 1, witnessed: false }),
    );
    const [first] = responder.list().waiting;
    await responder.deny({ requestId: first?.requestId ?? '', actor: 'alice', reason: 'false' });
    rig.aheadMs = 61_000;
    await expect.poll(() => responder.list().waiting, { timeout: 3000 }).toEqual([]);
    expect(rig.recorded.filter(({ kind }) => kind === 'containment.denied')).toMatchObject([
      { by: 'alice', reason: 'false' },
      { by: 'timeout' },
    ]);
    expect(rig.sent).toEqual([]);
  });
});

describe('the log', () => {
  test('that refuses to write ahead keeps anything from being done', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    rig.refuseRecords = true;
    expect(await refusal(responder.quarantine({ ...person, level: 'L2' }))).toBe(
      'CONTAIN_UNRECORDED',
    );
    expect(await refusal(responder.take(findingWith(rig)))).toBe('CONTAIN_UNRECORDED');
    expect(rig.sent).toEqual([]);
    rig.refuseRecords = false;
    await responder.take(findingWith(rig));
    expect(rig.sent).toHaveLength(1);
  });

  test('that writes too slowly lets a request expire unsent', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    const asked = responder.quarantine({ ...person, level: 'L2' });
    rig.aheadMs = 31_000;
    expect(await refusal(asked)).toBe('CONTAIN_EXPIRED');
    expect(rig.kinds).toEqual(['requested', 'refused']);
    expect(rig.sent).toEqual([]);
  });

  test('tells of what the host did by itself, which counts like what was asked of it', async () => {
    await using rig = new ResponderRig();
    const responder = await rig.start();
    const other = await rig.start();
    await other.quarantine({ ...person, level: 'L1' });
    const [own] = rig.recorded;
    if (own?.kind !== 'containment.requested') throw new Error('a request was recorded');
    const id = '9'.repeat(64);
    const requester = { type: 'fast_path', name: 'host' };
    await rig.append('containment.requested', {
      request: { ...own.request, id, level: 'L2', requester },
    });
    const told = rig.recorded.find((one) => one.kind === 'containment.applied');
    if (told === undefined) throw new Error('a result was recorded');
    await rig.append('containment.applied', {
      result: { ...told.result, requestId: id, level: 'L2' },
    });
    await expect.poll(() => responder.list().standings).toMatchObject([{ level: 'L2' }]);
    await responder.take(findingWith(rig));
    expect(rig.sent).toHaveLength(1);
  });
});
