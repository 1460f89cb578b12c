// The console's API on the running product: who may in, what is seen, what may be done.
import { get } from 'node:http';
import { EventPage } from '@sandtrail/console/contract/event-query';
import { Verification } from '@sandtrail/console/contract/integrity';
import { LiveRows, LiveStatus } from '@sandtrail/console/contract/live';
import { StageName } from '@sandtrail/console/contract/pipeline';
import { routes } from '@sandtrail/console/contract/routes';
import { Level } from '@sandtrail/schemas/finding';
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

/** All events of a sandbox that has ended, once no more of it is sealed. */
async function settledEvents(person: Person, sandbox: string) {
  let before = -1;
  return until(
    async () => {
      const page = await person.json(routes.listEvents, { query: { sandbox, limit: 5000 } });
      const hasEnded = page.rows.some(({ kind }) => kind === 'sandbox.destroyed');
      const isSettled = hasEnded && page.rows.length === before;
      before = page.rows.length;
      return isSettled && page;
    },
    { what: 'the end of the sandbox is sealed', everyMs: 1500 },
  );
}

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
    const page = await settledEvents(person, row.sandbox);
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

describe('a sandbox that does harm', () => {
  const script = 'sh -c "cat /etc/hostname; true"; curl -s -m 3 http://198.51.100.7/ ; true';
  let uid = '';
  let analyst: Person;
  beforeAll(async () => {
    analyst = await signIn(product, 'ana', 'analyst');
    uid = (await runWorkload(product, { script, name: 'harm' })).uid;
  });

  const alertOfIt = () =>
    until(
      async () => {
        const query = { sandbox: uid, order: 'newest' };
        return (await analyst.json(routes.listAlerts, { query })).alerts[0];
      },
      { what: 'its finding is an alert' },
    );

  test('is seen whole: in the list, its ladder, its processes, its network', async () => {
    const params = { uid, incarnation: 0 };
    const detail = await until(
      async () => {
        const found = await analyst.find(routes.getSandbox, { params });
        return found?.endedAtNs === null ? undefined : found;
      },
      { what: 'its end is sealed' },
    );
    expect(detail).toMatchObject({ name: 'harm', isolation: 'bubblewrap', level: 'L0' });
    expect(detail.ladder.map(({ level }) => level)).toEqual(Level.options);
    expect(detail.byFamily.process).toBeGreaterThan(2);
    expect(detail.collectors.map(({ collector }) => collector)).toContain('ebpf');
    const query = { search: 'harm', states: 'ended,killed' };
    const { sandboxes, total } = await analyst.json(routes.listSandboxes, { query });
    expect(total).toBe(1);
    expect(sandboxes).toMatchObject([{ uid, endedAs: 'exited' }]);
    const { processes } = await analyst.json(routes.listProcesses, { params });
    const cat = processes.find(({ argv }) => argv[0] === 'cat');
    expect(cat).toMatchObject({ orphan: 'no', exitCode: 0 });
    const parent = processes.find(
      ({ pid, startNs }) => pid === cat?.parent?.pid && startNs === cat.parent.startNs,
    );
    expect(parent?.argv[0]).toBe('sh');
    const network = await analyst.json(routes.getNetwork, { params });
    expect(network).toMatchObject({ watch: 'watched' });
    expect(network.destinations).toContainEqual(
      expect.objectContaining({ host: '198.51.100.7', reach: 'denied', rule: null }),
    );
  });

  test('its finding has its evidence, its seal, and the way that led to it', async () => {
    const alert = await alertOfIt();
    expect(alert).toMatchObject({ detector: 'egress-policy', sandbox: uid, sandboxName: 'harm' });
    const event = await until(() => analyst.find(routes.getEvent, { params: alert.at }), {
      what: 'the finding is sealed',
    });
    expect(event.seal).toMatchObject(alert.at);
    expect(event.evidence.every(({ matches }) => matches)).toBe(true);
    expect(event.origin.length).toBeGreaterThan(1);
    expect(event.origin.at(-1)?.row).toEqual(event.row);
    const one = await analyst.json(routes.getAlert, { params: { id: alert.id } });
    expect(one.evidenceRows.map(({ row }) => row?.kind)).toContain('network.denied');
  });

  test('its events over time are as many as its events', async () => {
    await until(
      async () => {
        const query = { sandbox: uid };
        const { totals } = await analyst.json(routes.listEvents, { query });
        const histogram = await analyst.json(routes.getHistogram, { query });
        const counts = histogram.buckets.flatMap(({ byFamily }) => Object.values(byFamily));
        const sum = counts.reduce((all, each) => all + each, 0);
        return totals.isExact && totals.rows === sum;
      },
      { what: 'totals and buckets agree' },
    );
  });

  test('its alerts are taken up and closed with a verdict, each act sealed under its name', async () => {
    await alertOfIt();
    const { alerts } = await analyst.json(routes.listAlerts, { query: { states: 'open' } });
    const ids = alerts.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    const taken = await analyst.json(routes.actOnAlerts, { body: { act: 'acknowledge', ids } });
    expect(taken).toMatchObject({ actor: 'ana', done: ids, unchanged: [], count: ids.length });
    const states = async () => {
      const page = await analyst.json(routes.listAlerts);
      return page.alerts.filter(({ id }) => ids.includes(id)).map(({ state }) => state);
    };
    const stand = (state: string) =>
      until(async () => (await states()).every((each) => each === state), {
        what: `they are ${state}`,
      });
    await stand('acknowledged');
    const again = await analyst.refusal(routes.actOnAlerts, { body: { act: 'acknowledge', ids } });
    expect(again).toMatchObject({ code: 'ALERT_UNCHANGED', status: 409 });
    const secret = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;
    const closing = { act: 'close', ids, verdict: 'true_positive', reason: `a test, ${secret}` };
    const closed = await analyst.json(routes.actOnAlerts, { body: closing });
    await stand('closed');
    const [id = ''] = ids;
    const { steps, verdict } = await analyst.json(routes.getAlert, { params: { id } });
    expect(verdict).toBe('true_positive');
    expect(steps).toMatchObject([
      { actor: 'ana', act: 'acknowledge' },
      { actor: 'ana', act: 'close', verdict: 'true_positive' },
    ]);
    expect(JSON.stringify(steps)).not.toContain(secret);
    const sealed = await until(
      async () => {
        const page = await analyst.json(routes.listEvents, { query: { ...closed.sealed } });
        return page.rows.length > 0 && page;
      },
      { what: 'the receipt names a sealed event' },
    );
    expect(sealed.rows).toMatchObject([{ kind: 'control.alert' }]);
  });
});

describe('the record', () => {
  test('a range is verified while one looks on, and the result stands under its chain', async () => {
    const auditor = await signIn(product, 'otto', 'viewer');
    const { chains } = await auditor.json(routes.getIntegrity);
    expect(chains).toHaveLength(7);
    const chain = chains.find(({ checkpoint }) => checkpoint !== null);
    if (chain === undefined) throw new Error('no chain is signed');
    const { id } = await auditor.json(routes.startVerification, { body: { chain: chain.chain } });
    let result: Verification['result'] = null;
    for await (const { event, data } of auditor.stream(routes.followVerification, {
      params: { id },
    }))
      if (event === 'result') result = Verification.parse(data).result;
    expect(result).toMatchObject({ verdict: 'verified', from: '0', actor: 'otto' });
    const last = await until(
      async () => {
        const view = await auditor.json(routes.getIntegrity);
        return view.chains.find((each) => each.chain === chain.chain)?.lastFull ?? undefined;
      },
      { what: 'the verification is on record' },
    );
    expect(last).toMatchObject({ verdict: 'verified', rows: result?.rows });
    const middle = await auditor.json(routes.startVerification, {
      body: { chain: chain.chain, from: '1', to: '1' },
    });
    expect(middle).toMatchObject({ from: '1', to: '1' });
  });

  test('pipeline and fleet say what works, who watches, and what they do not see', async () => {
    const viewer = await signIn(product, 'vera', 'viewer');
    const pipeline = await viewer.json(routes.getPipeline);
    expect(pipeline.stages.map(({ name }) => name)).toEqual(StageName.options);
    const gateway = pipeline.stages.find(({ name }) => name === 'gateway');
    expect(gateway?.received).toBeGreaterThan(0);
    const fleet = await viewer.json(routes.getFleet);
    const kernel = fleet.collectors.find(({ collector }) => collector === 'ebpf');
    expect(kernel?.blindSpots.length).toBeGreaterThan(0);
    const cells = fleet.coverage.flatMap((each) => each.cells);
    expect(cells).toContainEqual(expect.objectContaining({ family: 'process', by: 'kernel' }));
    expect(cells).toContainEqual(expect.objectContaining({ family: 'agent', by: null }));
  });

  test('who did what stands in the audit, page by page', async () => {
    const viewer = await signIn(product, 'vera', 'viewer');
    const first = await viewer.json(routes.listAudit, { query: { limit: 5 } });
    const next = await viewer.json(routes.listAudit, {
      query: { limit: 5, before: first.before ?? '' },
    });
    expect(first.entries).toHaveLength(5);
    const places = [...first.entries, ...next.entries].map(({ at }) => `${at.chain} ${at.pos}`);
    expect(new Set(places).size).toBe(10);
    const acts = await viewer.json(routes.listAudit, { query: { limit: 500 } });
    const named = new Set(acts.entries.map(({ act }) => act));
    for (const act of ['sign_in.signed_in', 'alert.close', 'control.verification', 'console.query'])
      expect(named).toContain(act);
  });

  test('another name for this machine is DNS rebinding, and answered with nothing', async () => {
    const { origin } = await signIn(product, 'vera', 'viewer');
    const { port } = new URL(origin);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: `evil.example:${port}` };
      get({ host: '127.0.0.1', port, path: '/api/v1/session', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(403);
  });
});

describe('the command `console`', () => {
  test('refuses a role that is none, and says how to use it', async () => {
    const { exit, stderr } = await product.command(['console', '--role', 'boss']);
    expect(exit).toBe(64);
    expect(stderr).toContain('role');
    expect((await product.command(['console', '--help'])).stdout).toContain('--role ROLE');
  });
});
