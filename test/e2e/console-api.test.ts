// The console's API on the running product: who may in, what is seen, what may be done.
import { EventPage } from '@sandtrail/console/contract/event-query';
import { LiveRows, LiveStatus } from '@sandtrail/console/contract/live';
import { routes } from '@sandtrail/console/contract/routes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkOf, Person, signIn } from '../world/console.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { until } from '../world/until.ts';
import { runWorkload } from '../world/workload.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

describe('signing in', () => {
  test('a link signs in once, as whom it was made for, and the session is told', async () => {
    const link = await linkOf(product, 'maria', 'analyst');
    expect(link.pathname).toBe('/login');
    const token = link.hash.slice(1);
    const maria = new Person(link.origin);
    expect(await maria.json(routes.signIn, { body: { token } })).toMatchObject({
      actor: 'maria',
      role: 'analyst',
    });
    expect(await maria.json(routes.getSession)).toMatchObject({ actor: 'maria' });
    const thief = new Person(link.origin);
    const refused = await thief.refusal(routes.signIn, { body: { token } });
    expect(refused).toMatchObject({ code: 'SIGN_IN_REFUSED', status: 401 });
    expect(await thief.refusal(routes.getSession)).toMatchObject({ code: 'SESSION_MISSING' });
  });

  test('a forged token is refused, and the refusal is sealed without it', async () => {
    const auditor = await signIn(product, 'auditor', 'viewer');
    const token = 'A'.repeat(43);
    const forger = new Person(auditor.origin);
    await forger.refusal(routes.signIn, { body: { token } });
    const page = await until(
      async () => {
        const found = await auditor.json(routes.listEvents, {
          query: { kinds: 'control.sign_in', text: 'refused' },
        });
        return found.rows.length > 0 && found;
      },
      { what: 'the refusal is sealed' },
    );
    expect(JSON.stringify(page)).not.toContain(token);
  });

  test('signing out ends the session', async () => {
    const person = await signIn(product, 'leaver', 'viewer');
    const kept = person.cookie;
    expect((await person.ask(routes.signOut)).status).toBe(204);
    person.cookie = kept;
    expect(await person.refusal(routes.getSession)).toMatchObject({ code: 'SESSION_MISSING' });
  });
});

describe('pages of others', () => {
  const foreign: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['another Origin', { origin: 'http://evil.example' }],
    ['no header of our own', { 'x-sandtrail-console': '' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
  ];
  test.each(foreign)('%s is refused', async (_name, headers) => {
    const person = await signIn(product, 'victim', 'admin');
    const refused = await person.refusal(routes.signOut, { headers });
    expect(refused).toMatchObject({ code: 'REQUEST_FOREIGN', status: 403 });
    expect(await person.json(routes.getSession)).toMatchObject({ actor: 'victim' });
  });
});

describe('events', () => {
  test('what a sandbox does is told live, and found again sealed, with exact totals', async () => {
    const person = await signIn(product, 'watcher', 'viewer');
    const live = person.stream(routes.live, { query: { kinds: 'process.exec' } });
    const first = await live.next();
    expect(LiveStatus.parse(first.value?.data).behindMs).toBeLessThan(60_000);
    const hostile = '<img src=x onerror=alert(1)>\u202E\u001b[31m';
    await runWorkload(product, { script: `/bin/echo '${hostile}'`, name: hostile });
    const row = await (async () => {
      for await (const { event, data } of live) {
        if (event !== 'rows') continue;
        const found = LiveRows.parse(data).rows.find(({ summary }) => summary.includes('<img'));
        if (found !== undefined) return found;
      }
      throw new Error('the feed ended');
    })();
    expect(row).toMatchObject({ kind: 'process.exec', family: 'process', trust: 'kernel' });
    const page = await until(
      async () => {
        const { sandbox } = row;
        const found = await person.json(routes.listEvents, { query: { sandbox, limit: 5000 } });
        return found.rows.some(({ kind }) => kind === 'sandbox.destroyed') && found;
      },
      { what: 'the end of the sandbox is sealed' },
    );
    expect(page.totals).toMatchObject({ isExact: true, rows: page.rows.length });
    expect(page.rows).toContainEqual(row);
    const { sandbox } = row;
    const newest = await person.json(routes.listEvents, { query: { sandbox, limit: 3 } });
    expect(newest.rows).toEqual(page.rows.slice(-3));
    const older = await person.json(routes.listEvents, {
      query: { sandbox, limit: 3, before: newest.before ?? '', totals: 'none' },
    });
    expect(older.rows).toEqual(page.rows.slice(-6, -3));
    const back = await person.json(routes.listEvents, {
      query: { sandbox, limit: 3, after: older.after ?? '' },
    });
    expect(EventPage.parse(back).rows).toEqual(newest.rows);
  });
});
