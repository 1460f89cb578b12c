// Containment over the console's API: asked, approved, denied and released by people with the right.
import { routes } from '@sandtrail/console/contract/routes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../world/console.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { startWorkload } from '../world/workload.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

describe('containment', () => {
  test('is asked for by one and released by another, with proofs as returned', async () => {
    const responder = await signIn(product, 'rosa', 'responder');
    const approver = await signIn(product, 'paul', 'approver');
    const running = startWorkload(product, { script: 'sleep 60' });
    await awaitRecord(product, running.uid, 'sandbox.started');
    const subject = { sandbox: running.uid, incarnation: 0 };
    const contained = await responder.json(routes.contain, {
      body: { ...subject, level: 'L2', reason: 'to look at it' },
    });
    expect(contained).toMatchObject({ state: 'verified', requester: { name: 'rosa' } });
    const params = { uid: running.uid, incarnation: 0 };
    const frozen = await until(
      async () => {
        const found = await responder.find(routes.getSandbox, { params });
        return found?.state === 'frozen' && found;
      },
      { what: 'it is shown as frozen' },
    );
    expect(frozen.ladder[2]).toMatchObject({ state: 'proven', requestId: contained.requestId });
    const proven = frozen.ladder[2]?.results.find((result) => result.state === 'verified');
    expect(proven?.proof).toMatchObject({ escaped: 0, truncated: false });
    const body = { ...subject, reason: 'seen enough' };
    expect(await responder.refusal(routes.release, { body })).toMatchObject({
      code: 'CONTAIN_SELF_RELEASE',
      status: 403,
    });
    expect(await approver.json(routes.release, { body })).toMatchObject({ state: 'released' });
    const { standings, recent } = await approver.json(routes.getContainment);
    expect(standings.find(({ sandbox }) => sandbox === running.uid)).toMatchObject({ level: 'L0' });
    expect(recent.map(({ requestId }) => requestId)).toContain(contained.requestId);
    running.signals.emit('SIGTERM');
    await running.ended;
  });

  test('what a finding asks for waits for a person, who approves one and denies another', async () => {
    const approver = await signIn(product, 'paul', 'approver');
    const asked = async () => {
      const script =
        'while :; do curl -s -m 1 -o /dev/null http://drop.example.net/y; sleep 0.2; done';
      const running = startWorkload(product, { script });
      await awaitRecord(product, running.uid, 'containment.requested');
      const { waiting } = await approver.json(routes.getContainment);
      const item = waiting.find(({ sandbox }) => sandbox === running.uid);
      if (item === undefined) throw new Error('nothing waits');
      return { running, item };
    };
    const one = await asked();
    expect(one.item).toMatchObject({ state: 'waiting', requester: { type: 'detector' } });
    expect(BigInt(one.item.expiresAtNs)).toBeGreaterThan(BigInt(one.item.requestedAtNs));
    const decision = { requestId: one.item.requestId, reason: 'seen it' };
    const approved = await approver.json(routes.approve, { body: decision });
    expect(approved).toMatchObject({
      state: 'verified',
      approvedBy: 'paul',
      level: one.item.level,
    });
    expect(await approver.refusal(routes.approve, { body: decision })).toMatchObject({
      code: 'CONTAIN_NOT_WAITING',
      status: 409,
    });
    const other = await asked();
    const denial = { requestId: other.item.requestId, reason: 'a test' };
    expect(await approver.json(routes.deny, { body: denial })).toMatchObject({ state: 'denied' });
    for (const { running } of [one, other]) {
      running.signals.emit('SIGTERM');
      await running.ended;
    }
  });

  test('a role that has not the right is refused, and the refusal is on record', async () => {
    const viewer = await signIn(product, 'vera', 'viewer');
    const body = { sandbox: 'some-sandbox', incarnation: 0, level: 'L5', reason: 'I would' };
    const refused = await viewer.refusal(routes.contain, { body });
    expect(refused).toMatchObject({
      code: 'RIGHT_MISSING',
      status: 403,
      needs: { right: 'contain', roles: ['responder', 'admin'] },
    });
    const { entries } = await until(
      async () => {
        const query = { actor: 'vera', outcome: 'refused' };
        const page = await viewer.json(routes.listAudit, { query });
        return page.entries.length > 0 && page;
      },
      { what: 'the refusal is sealed' },
    );
    expect(entries[0]).toMatchObject({ act: 'console.contain', actor: 'vera' });
  });

  test('an admin ends a session in mid-use: its feed ends with a word, its requests are refused', async () => {
    const victim = await signIn(product, 'victor', 'responder');
    const admin = await signIn(product, 'ada', 'admin');
    const live = victim.stream(routes.live, { query: { kinds: 'finding' } });
    await live.next();
    const { sessions } = await admin.json(routes.listSessions);
    const id = sessions.find(({ actor }) => actor === 'victor')?.id ?? '';
    expect((await admin.ask(routes.endSession, { params: { id } })).status).toBe(204);
    let last: unknown;
    for await (const { event, data } of live) if (event === 'end') last = data;
    expect(last).toMatchObject({ code: 'SESSION_MISSING' });
    expect(await victim.refusal(routes.getSession)).toMatchObject({ code: 'SESSION_MISSING' });
  });
});
