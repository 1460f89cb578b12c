// The console over a real log and a real store: its guards, its bounds, hostile and damaged records.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { placesOf } from '@sandtrail/bus/places';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { partitionCount } from '@sandtrail/schemas/topics';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ConsoleConfig } from './config.ts';
import { type Console, startConsole } from './console.ts';
import { EventPage } from './contract/event-query.ts';
import { LiveReset, LiveRows } from './contract/live.ts';
import { NetworkView } from './contract/network.ts';
import { Problem } from './contract/problem.ts';
import { Role, rolesOf } from './contract/rights.ts';
import { type ApiRoute, apiPrefix } from './contract/route.ts';
import { routes } from './contract/routes.ts';
import { requestHeader } from './contract/session.ts';
import type { ConsoleObservation } from './sessions/act-record.ts';

const places = placesOf(partitionCount);
const [place] = places;
const chain = 'ab'.repeat(32);
const uid = 'sandbox-0001';
const recorded: ConsoleObservation[] = [];
let shiftMs = 0;
let folder = '';
let bus: EmbeddedBus;
let store: OpenedStore;
let web: Console;

const clock = {
  nowNs: () => systemClock.nowNs() + BigInt(shiftMs) * 1_000_000n,
  monotonicMs: () => systemClock.monotonicMs() + shiftMs,
};
const unsupported = () => Promise.reject(new Error('nobody contains here'));

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  const counters = createCounters();
  const about = { clock: systemClock, random: systemRandom, counters };
  bus = await openEmbeddedBus({ dir: path.join(folder, 'bus'), log: 'test', ...about });
  store = await openStore({ dir: path.join(folder, 'store'), logger: silentLogger, counters });
  web = await startConsole(options({ port: 0 }));
});
afterAll(async () => {
  await web.close();
  await store.close();
  await bus.close();
  rmSync(folder, { recursive: true, force: true });
});

function options(config: { readonly port: number }) {
  const parsed = ConsoleConfig.parse(config);
  if (parsed === 'off') throw new Error('it is off');
  return {
    config: parsed,
    pagesDir: path.join(folder, 'pages'),
    ...{ tenant: 'local', node: 'n', logName: 'test', headFile: '/h.json', keys: [] },
    ...{ store, bus, places, clock, random: systemRandom },
    sealing: () => places.map((each) => ({ place: each, chain, sealedTo: 0n, stopped: false })),
    metrics: async () => [],
    containment: {
      list: () => ({ standings: [], waiting: [], recent: [] }),
      ...{ quarantine: unsupported, approve: unsupported, deny: unsupported, release: unsupported },
    },
    async record(observation: ConsoleObservation) {
      recorded.push(observation);
      return { stream: 'gateway:n:1:control-plane:0', seq: `${recorded.length}` };
    },
    mask: async (text: string) => text,
    counters: createCounters(),
    log: silentLogger,
  };
}

const guard = () => ({ origin: web.url, [requestHeader.name]: requestHeader.value });

async function tokenFor(role: Role, actor = 'ana'): Promise<string> {
  return web.link({ actor, role });
}

function redeem(token: string): Promise<Response> {
  return fetch(`${web.url}${apiPrefix}/session`, {
    method: 'POST',
    headers: { ...guard(), 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
}

async function cookieOf(role: Role): Promise<string> {
  const response = await redeem(await tokenFor(role));
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function problemOf(response: Response): Promise<Problem> {
  return Problem.parse(await response.json());
}

function ask(target: string, cookie = '', init: RequestInit = {}): Promise<Response> {
  return fetch(`${web.url}${target}`, { ...init, headers: { cookie, ...init.headers } });
}

describe('links and sessions', () => {
  test('a link is good once, and for a minute', async () => {
    const token = await tokenFor('viewer');
    expect((await redeem(token)).status).toBe(200);
    expect(await problemOf(await redeem(token))).toMatchObject({ code: 'SIGN_IN_REFUSED' });
    const late = await tokenFor('viewer');
    shiftMs += 60_001;
    expect((await redeem(late)).status).toBe(401);
  });

  test('a session ends when it is not used, and after its life whatever is done', async () => {
    const idle = await cookieOf('viewer');
    shiftMs += 31 * 60_000;
    expect((await ask(`${apiPrefix}/session`, idle)).status).toBe(401);
    const used = await cookieOf('viewer');
    for (let hours = 0; hours < 16; hours += 1) {
      expect((await ask(`${apiPrefix}/session`, used)).status).toBe(200);
      shiftMs += 29 * 60_000;
    }
    shiftMs += 29 * 60_000;
    expect((await ask(`${apiPrefix}/session`, used)).status).toBe(401);
    const ends = recorded.filter((each) => each.kind === 'control.sign_in' && each.act === 'ended');
    expect(ends.map((each) => 'detail' in each && each.detail)).toEqual(
      expect.arrayContaining(['not used', 'expired']),
    );
  });

  test('the cookie is out of reach of scripts and of other sites', async () => {
    const cookie = (await redeem(await tokenFor('viewer'))).headers.get('set-cookie');
    expect(cookie).toMatch(/^sandtrail-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age/);
  });

  test('guessing is slowed down, and told as one number', async () => {
    shiftMs += 60_000;
    const before = recorded.length;
    const tries = await Promise.all(Array.from({ length: 40 }, () => redeem('B'.repeat(43))));
    const slowed = tries.filter(({ status }) => status === 429);
    expect(slowed.length).toBeGreaterThan(10);
    expect((await problemOf(slowed[0] ?? Response.error())).retryAfterMs).toBeGreaterThan(0);
    expect(recorded.length - before).toBeLessThan(3);
    shiftMs += 60_000;
  });
});

describe('the table of rights', () => {
  const table = Object.entries<ApiRoute>(routes);
  const call = (route: ApiRoute, cookie: string) => {
    const target = `${apiPrefix}${route.path.replaceAll(/\{\w+\}/g, '0')}`;
    return ask(target, cookie, { method: route.method, headers: guard() });
  };

  test('without a session every route but signing in is refused', async () => {
    for (const [name, route] of table) {
      const { status } = await call(route, '');
      expect([name, status]).toEqual([name, name === 'signIn' ? 400 : 401]);
      shiftMs += 100;
    }
  });

  test.each(Role.options)('%s is refused what the table does not give', async (role) => {
    const cookie = await cookieOf(role);
    for (const [name, route] of table) {
      const { right } = route;
      if (right === 'session' || right === 'anyone' || rolesOf[right].includes(role)) continue;
      const problem = await problemOf(await call(route, cookie));
      expect([name, problem.code, problem.needs?.right]).toEqual([name, 'RIGHT_MISSING', right]);
      shiftMs += 100;
    }
  });
});

describe('requests that fit nothing', () => {
  test.each([
    ['a field that is not known', '/events?colour=red', 400],
    ['a cursor that is none', '/events?before=x.y', 400],
    ['SQL in a value', `/events?sandbox=${encodeURIComponent("x' OR 1=1 --")}`, 400],
    ['a route that is not there', '/nothing', 404],
  ])('%s', async (_name, target, status) => {
    const cookie = await cookieOf('viewer');
    const response = await ask(`${apiPrefix}${target}`, cookie);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    ['more than may be sent', 'application/json', JSON.stringify({ a: 'x'.repeat(70_000) }), 413],
    ['what is no JSON', 'application/json', '{', 400],
    ['a form', 'application/x-www-form-urlencoded', 'act=close', 415],
  ])('%s', async (_name, type, body, status) => {
    const cookie = await cookieOf('analyst');
    const headers = { ...guard(), 'content-type': type };
    const init = { method: 'POST', headers, body };
    const response = await ask(`${apiPrefix}/alerts/acts`, cookie, init);
    expect(response.status).toBe(status);
    expect((await problemOf(response)).code).toBe('REQUEST_MALFORMED');
  });

  test('a port that somebody has is refused by name', async () => {
    const { port } = new URL(web.url);
    const taken = startConsole(options({ port: Number(port) }));
    await expect(taken).rejects.toMatchObject({ code: 'LISTEN_REFUSED' });
  });
});

describe('pages', () => {
  test('until they are built a word says so; then files, views and nothing else are served', async () => {
    const bare = await ask('/alerts');
    expect(bare.status).toBe(503);
    expect(await bare.text()).toContain('not built');
    mkdirSync(path.join(folder, 'pages', 'assets'), { recursive: true });
    writeFileSync(path.join(folder, 'pages', 'index.html'), '<!doctype html><title>it</title>');
    writeFileSync(path.join(folder, 'pages', 'assets', 'app-Dk3x9_Qa.js'), 'export {};');
    const page = await ask('/sandboxes/sandbox-0001/0/timeline');
    expect(await page.text()).toContain('<title>it');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'self'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'; require-trusted-types-for 'script'/,
    );
    const script = await ask('/assets/app-Dk3x9_Qa.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toContain('text/javascript');
    for (const odd of ['/assets/..%2f..%2fbus', '/etc/passwd', '/index.html%00.js', '/%2e%2e/bus'])
      expect([odd, await raw(odd)]).toEqual([odd, 404]);
  });

  test('every answer carries the headers, refusals too', async () => {
    for (const target of ['/login', `${apiPrefix}/session`, '/api/openapi.json', '/nowhere']) {
      const { headers } = await ask(target);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
    expect((await ask(`${apiPrefix}/session`)).headers.get('cache-control')).toBe('no-store');
  });
});

/** The status of a path exactly as it is written: fetch would tidy it up first. */
function raw(target: string): Promise<number | undefined> {
  const { port, host } = new URL(web.url);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: target, headers: { host } };
    const asking = request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject).end();
  });
}

let count = 0n;

function recordOf(body: Readonly<Record<string, unknown>>, life = uid) {
  const timeNs = `${1_790_000_000_000_000_000n + count}`;
  const header = {
    ...{ tenant: 'local', sandbox: life, incarnation: 0, trust: 'kernel', credential: 'host:n' },
    ...{ receivedAtNs: timeNs, timeNs, admission: 'live' },
  };
  const stamp = { v: 1, stream: `ebpf:n:1:${life}:0`, seq: `${count}`, observedAtNs: timeNs };
  count += 1n;
  return {
    header: Buffer.from(JSON.stringify(header)),
    body: Buffer.from(JSON.stringify({ ...stamp, ...body })),
  };
}

let stored = 0n;

async function store1(records: readonly { header: Buffer; body: Buffer }[]): Promise<void> {
  const rows = records.map(({ header, body }) => {
    const pos = stored;
    stored += 1n;
    const appendedAtMs = 1_790_000_000_000;
    return { pos, offset: pos, header, body, link: randomBytes(32), appendedAtMs };
  });
  await store.insertBlock({ chain, topic: 'events', partition: 0, rows });
}

const exec = (words: readonly string[]) => ({
  kind: 'process.exec',
  exe: { raw: '/bin/echo' },
  argv: words,
});

describe('what sandboxes write', () => {
  test('hostile, huge and damaged records are told as what they are', async () => {
    const hostile = '</script><img src=x onerror=alert(1)>\u202E\u0007';
    const prompt = { kind: 'model.prompt', model: 'm', text: `begin ${'x'.repeat(200_000)}` };
    const damaged = { ...recordOf(exec([])), body: Buffer.from('{"kind":"process.ex') };
    await store1([recordOf(exec([hostile])), recordOf(prompt), damaged]);
    const cookie = await cookieOf('viewer');
    // A body that is no JSON gives no columns, so only a question without a filter meets it.
    const response = await ask(`${apiPrefix}/events`, cookie);
    const page = EventPage.parse(await response.json());
    expect(page.unreadable).toBe(1);
    expect(page.rows.map(({ kind }) => kind)).toEqual(['process.exec', 'model.prompt']);
    expect(page.rows[0]).toMatchObject({ summary: hostile, isCut: false });
    expect(page.rows[1]?.summary).toMatch(/^ ?begin x+$/);
    expect(page.rows[1]?.isCut).toBe(true);
  });

  test('a destination is new for its template when no earlier sandbox of it went there', async () => {
    const policy = {
      ...{ isolation: 'bubblewrap', network: { mode: 'restricted' } },
      filesystem: { workspace: '/w' },
      resources: { cpu_limit: '1', memory_limit: '1Gi', timeout_seconds: 9 },
    };
    const created = {
      ...{ kind: 'sandbox.created', name: 'n', template: 'py', node: 'n', policy },
      ...{ isolation: 'bubblewrap', policyDigest: '0'.repeat(64) },
    };
    const flow = (host: string) => ({
      ...{ kind: 'network.flow', host, port: 443, bytesOut: 5, bytesIn: 7 },
      ...{ durationMs: 1, ended: 'closed' },
    });
    await store1([
      ...[created, flow('known.example')].map((body) => recordOf(body, 'earlier-001')),
      ...[created, flow('known.example'), flow('new.example')].map((body) =>
        recordOf(body, 'later-0001'),
      ),
    ]);
    const cookie = await cookieOf('viewer');
    const look = async (life: string) => {
      const response = await ask(`${apiPrefix}/sandboxes/${life}/0/network`, cookie);
      const { destinations } = NetworkView.parse(await response.json());
      return destinations.map(({ host, reach, isNewForTemplate }) => [
        host,
        reach,
        isNewForTemplate,
      ]);
    };
    expect(await look('earlier-001')).toEqual([['known.example', 'undeclared', null]]);
    expect(await look('later-0001')).toEqual([
      ['new.example', 'undeclared', true],
      ['known.example', 'undeclared', false],
    ]);
  });
});

const Message = z.object({ event: z.string(), id: z.string().optional(), data: z.unknown() });

async function* follow(query: string, cookie: string, init: RequestInit = {}) {
  const response = await ask(`${apiPrefix}/live${query}`, cookie, init);
  if (response.body === null || !response.ok) throw new Error(`${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n').map((line) => line.split(/: (.*)/s, 2));
      const fields = Object.fromEntries(lines);
      if (fields['event'] === undefined) continue;
      yield Message.parse({ ...fields, data: JSON.parse(fields['data'] ?? 'null') });
    }
  }
}

const framed = (body: Readonly<Record<string, unknown>>) =>
  encodeFrame({ ...recordOf(body), erasable: Buffer.alloc(0) });

describe('the live feed', () => {
  test('goes on behind an id with what came after it, and with nothing twice', async () => {
    if (place === undefined) throw new Error('no place');
    const cookie = await cookieOf('viewer');
    const first = follow('', cookie);
    await first.next();
    await bus.append(place, [framed(exec(['one']))]);
    let id = '';
    for await (const message of first) {
      if (message.event !== 'rows') continue;
      id = message.id ?? '';
      break;
    }
    await bus.append(place, [framed(exec(['two'])), framed(exec(['three']))]);
    const headers = { 'last-event-id': id };
    for await (const { event, data } of follow('', cookie, { headers })) {
      expect(event).not.toBe('reset');
      if (event !== 'rows') continue;
      expect(LiveRows.parse(data).rows.map(({ summary }) => summary)).toEqual(['two', 'three']);
      break;
    }
  });

  test('says when it cannot go on from where the reader was', async () => {
    const cookie = await cookieOf('viewer');
    for await (const { event, data } of follow('?after=elsewhere.1.2', cookie)) {
      expect(event).toBe('reset');
      expect(LiveReset.parse(data)).toEqual({ reason: 'another_log', missed: null });
      break;
    }
    const bad = await ask(`${apiPrefix}/live?after=what`, cookie);
    expect(bad.status).toBe(400);
  });

  test('is open to so many at once and no more', async () => {
    const cookie = await cookieOf('viewer');
    const open = new AbortController();
    const feeds = await Promise.all(
      Array.from({ length: 32 }, () => ask(`${apiPrefix}/live`, cookie, { signal: open.signal })),
    );
    expect(feeds.every(({ ok }) => ok)).toBe(true);
    expect(await problemOf(await ask(`${apiPrefix}/live`, cookie))).toMatchObject({
      code: 'CONSOLE_BUSY',
      status: 429,
    });
    open.abort();
  });
});

test('beyond this machine it is not configured without a certificate', () => {
  const open = ConsoleConfig.safeParse({ host: '0.0.0.0' });
  expect(open.success).toBe(false);
  const tls = { certFile: '/c.pem', keyFile: '/k.pem' };
  expect(ConsoleConfig.safeParse({ host: '0.0.0.0', tls }).success).toBe(true);
});
