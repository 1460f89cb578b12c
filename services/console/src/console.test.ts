// The console's guards and bounds: links, sessions, roles, foreign and malformed requests, pages.
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleConfig } from './config.ts';
import { Problem } from './contract/problem.ts';
import { Role, rolesOf } from './contract/rights.ts';
import { type ApiRoute, apiPrefix } from './contract/route.ts';
import { routes } from './contract/routes.ts';
import { type ConsoleBed, startConsoleBed } from './testbed.ts';

let bed: ConsoleBed;
beforeAll(async () => {
  bed = await startConsoleBed();
});
afterAll(() => bed.close());

async function problemOf(response: Response): Promise<Problem> {
  return Problem.parse(await response.json());
}

describe('links and sessions', () => {
  test('a link is good once, and for a minute', async () => {
    const token = await bed.link('viewer');
    expect((await bed.redeem(token)).status).toBe(200);
    expect(await problemOf(await bed.redeem(token))).toMatchObject({ code: 'SIGN_IN_REFUSED' });
    const late = await bed.link('viewer');
    bed.pass(60_001);
    expect((await bed.redeem(late)).status).toBe(401);
  });

  test('a session ends when it is not used, and after its life whatever is done', async () => {
    const idle = await bed.cookieOf('viewer');
    bed.pass(31 * 60_000);
    expect((await bed.ask(`${apiPrefix}/session`, idle)).status).toBe(401);
    const used = await bed.cookieOf('viewer');
    for (let hours = 0; hours < 16; hours += 1) {
      expect((await bed.ask(`${apiPrefix}/session`, used)).status).toBe(200);
      bed.pass(29 * 60_000);
    }
    bed.pass(29 * 60_000);
    expect((await bed.ask(`${apiPrefix}/session`, used)).status).toBe(401);
    const ends = bed.recorded.filter(
      (each) => each.kind === 'control.sign_in' && each.act === 'ended',
    );
    expect(ends.map((each) => 'detail' in each && each.detail)).toEqual(
      expect.arrayContaining(['not used', 'expired']),
    );
  });

  test('the cookie is out of reach of scripts and of other sites', async () => {
    const cookie = (await bed.redeem(await bed.link('viewer'))).headers.get('set-cookie');
    expect(cookie).toMatch(/^sandtrail-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age/);
  });

  test('guessing is slowed down, and told as one number', async () => {
    bed.pass(60_000);
    const before = bed.recorded.length;
    const tries = await Promise.all(Array.from({ length: 40 }, () => bed.redeem('B'.repeat(43))));
    const slowed = tries.filter(({ status }) => status === 429);
    expect(slowed.length).toBeGreaterThan(10);
    expect((await problemOf(slowed[0] ?? Response.error())).retryAfterMs).toBeGreaterThan(0);
    expect(bed.recorded.length - before).toBeLessThan(3);
    bed.pass(60_000);
  });
});

describe('the table of rights', () => {
  const table = Object.entries<ApiRoute>(routes);
  const call = (route: ApiRoute, cookie: string) => {
    const target = `${apiPrefix}${route.path.replaceAll(/\{\w+\}/g, '0')}`;
    return bed.ask(target, cookie, { method: route.method, headers: bed.guard });
  };

  test('without a session every route but signing in is refused', async () => {
    for (const [name, route] of table) {
      const { status } = await call(route, '');
      expect([name, status]).toEqual([name, name === 'signIn' ? 400 : 401]);
      bed.pass(100);
    }
  });

  test.each(Role.options)('%s is refused what the table does not give', async (role) => {
    const cookie = await bed.cookieOf(role);
    for (const [name, route] of table) {
      const { right } = route;
      if (right === 'session' || right === 'anyone' || rolesOf[right].includes(role)) continue;
      const problem = await problemOf(await call(route, cookie));
      expect([name, problem.code, problem.needs?.right]).toEqual([name, 'RIGHT_MISSING', right]);
      bed.pass(100);
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
    const cookie = await bed.cookieOf('viewer');
    const response = await bed.ask(`${apiPrefix}${target}`, cookie);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    ['more than may be sent', 'application/json', JSON.stringify({ a: 'x'.repeat(70_000) }), 413],
    ['what is no JSON', 'application/json', '{', 400],
    ['a form', 'application/x-www-form-urlencoded', 'act=close', 415],
  ])('%s', async (_name, type, body, status) => {
    const cookie = await bed.cookieOf('analyst');
    const headers = { ...bed.guard, 'content-type': type };
    const init = { method: 'POST', headers, body };
    const response = await bed.ask(`${apiPrefix}/alerts/acts`, cookie, init);
    expect(response.status).toBe(status);
    expect((await problemOf(response)).code).toBe('REQUEST_MALFORMED');
  });

  test('a port that somebody has is refused by name', async () => {
    const { port } = new URL(bed.url);
    const taken = bed.start({ port: Number(port) });
    await expect(taken).rejects.toMatchObject({ code: 'LISTEN_REFUSED' });
  });
});

describe('pages', () => {
  test('until they are built a word says so; then files, views and nothing else are served', async () => {
    const bare = await bed.ask('/alerts');
    expect(bare.status).toBe(503);
    expect(await bare.text()).toContain('not built');
    mkdirSync(path.join(bed.folder, 'pages', 'assets'), { recursive: true });
    writeFileSync(path.join(bed.folder, 'pages', 'index.html'), '<!doctype html><title>it</title>');
    writeFileSync(path.join(bed.folder, 'pages', 'assets', 'app-Dk3x9_Qa.js'), 'export {};');
    const page = await bed.ask('/sandboxes/sandbox-0001/0/timeline');
    expect(await page.text()).toContain('<title>it');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'self'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'; require-trusted-types-for 'script'/,
    );
    const script = await bed.ask('/assets/app-Dk3x9_Qa.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toContain('text/javascript');
    for (const odd of ['/assets/..%2f..%2fbus', '/etc/passwd', '/index.html%00.js', '/%2e%2e/bus'])
      expect([odd, await raw(odd)]).toEqual([odd, 404]);
  });

  test('every answer carries the headers, refusals too', async () => {
    for (const target of ['/login', `${apiPrefix}/session`, '/api/openapi.json', '/nowhere']) {
      const { headers } = await bed.ask(target);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
    expect((await bed.ask(`${apiPrefix}/session`)).headers.get('cache-control')).toBe('no-store');
  });
});

/** The status of a path exactly as it is written: fetch would tidy it up first. */
function raw(target: string): Promise<number | undefined> {
  const { port, host } = new URL(bed.url);
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: target, headers: { host } };
    const asking = request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject).end();
  });
}

test('beyond this machine it is not configured without a certificate', () => {
  const open = ConsoleConfig.safeParse({ host: '0.0.0.0' });
  expect(open.success).toBe(false);
  const tls = { certFile: '/c.pem', keyFile: '/k.pem' };
  expect(ConsoleConfig.safeParse({ host: '0.0.0.0', tls }).success).toBe(true);
});
