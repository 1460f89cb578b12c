// When the API is down, slow, silent or forgets who is there, the page says what is so.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, startChromium, type TestBrowser } from './chromium.ts';
import { type ContractServer, startContractServer } from './contract-server.ts';
import { findingId, session, uid } from './made-events.ts';

const rows = session(700);
let server: ContractServer;
let browser: TestBrowser;

beforeAll(async () => {
  server = await startContractServer({ rows });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const noTrouble = { status: 0, delayMs: 0, halfMessage: false, perSecond: 0 };

test('an API that fails is named, with what to do, and comes back by itself', async () => {
  const { page } = await openPage(browser, `${server.url}/alerts`);
  await page.getByText('Attempt to open the Docker socket').first().waitFor();
  server.behaviour.status = 503;
  await page.goto(`${server.url}/pipeline`);
  await page.getByRole('alert').first().waitFor();
  expect(await page.getByRole('alert').first().textContent()).toMatch(
    /refused with 503.*Ask again/s,
  );
  Object.assign(server.behaviour, noTrouble);
  await page.getByRole('button', { name: 'Ask again' }).first().click();
  await page.getByRole('heading', { name: 'gateway' }).waitFor();
  await page.close();
});

test('an API that is slow is waited for in words', async () => {
  const { page } = await openPage(browser, `${server.url}/pipeline`);
  await page.getByRole('heading', { name: 'gateway' }).waitFor();
  server.behaviour.delayMs = 3000;
  await page.getByRole('link', { name: 'Fleet' }).click();
  await page.getByText('Loading the fleet…').waitFor();
  Object.assign(server.behaviour, noTrouble);
  await page.getByRole('heading', { name: 'Collectors' }).waitFor();
  await page.close();
});

test('a session that is gone leads to the sign-in', async () => {
  server.behaviour.status = 401;
  const { page } = await openPage(browser, `${server.url}/alerts`);
  await page.getByRole('heading', { name: 'Sign in to Sandtrail' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/login');
  Object.assign(server.behaviour, noTrouble);
  await page.close();
});

test('a feed that stops in the middle of a message is called stale, with its age', async () => {
  server.behaviour.halfMessage = true;
  const { page } = await openPage(browser, `${server.url}/live`);
  await page.getByText(/nothing heard for \d/).waitFor();
  Object.assign(server.behaviour, noTrouble);
  await page.close();
});

test('an alert is acknowledged with two keys, closed with five and its reason', async () => {
  const { page } = await openPage(browser, `${server.url}/alerts`);
  await page.getByText('Attempt to open the Docker socket').first().waitFor();
  server.acts.length = 0;
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  await page.keyboard.press('a');
  await page.getByText(/Acknowledged: 1 .* sealed as/).waitFor();
  expect(server.acts).toMatchObject([{ act: 'acknowledge', ids: [findingId(2)] }]);
  await page.keyboard.press('v');
  await page.locator('input[type="radio"]:focus').waitFor();
  for (const key of ['ArrowDown', 'Tab']) await page.keyboard.press(key);
  await page.keyboard.type('a rehearsal');
  await page.keyboard.press('Enter');
  await page.getByText(/Closed: 1/).waitFor();
  expect(server.acts[1]).toMatchObject({ act: 'close', verdict: 'benign', reason: 'a rehearsal' });
  await page.keyboard.press('Escape');
  await page.waitForURL(`${server.url}/alerts`);
  await page.close();
});

test('a sandbox is contained with three keys and a reason, never with one', async () => {
  const { page } = await openPage(browser, `${server.url}/sandboxes/${uid}/0/timeline`);
  await page.getByText('By cause').waitFor();
  server.acts.length = 0;
  await page.keyboard.press('c');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Enter');
  expect(server.acts).toEqual([]);
  await page.keyboard.press('Tab');
  await page.keyboard.type('it reads credentials');
  await page.keyboard.press('Enter');
  await page.getByText('✓ proven').last().waitFor();
  expect(server.acts).toMatchObject([
    { sandbox: uid, level: 'L3', reason: 'it reads credentials' },
  ]);
  await page.close();
});

test('the first route is at most 230 KB of scripts and 20 KB of styles, compressed', async () => {
  const { page } = await openPage(browser, `${server.url}/login`);
  const names = new Set<string>();
  page.on('request', (request) => names.add(path.basename(new URL(request.url()).pathname)));
  await page.goto(`${server.url}/live`);
  await page.locator('[role="row"]').nth(5).waitFor();
  const folder = path.resolve(import.meta.dirname, '../../dashboards/soc/dist/assets');
  const size = (ending: string) =>
    readdirSync(folder)
      .filter((name) => names.has(name) && name.endsWith(ending))
      .reduce((sum, name) => sum + gzipSync(readFileSync(path.join(folder, name))).length, 0);
  console.log(`first route: ${size('.js')} bytes of scripts, ${size('.css')} of styles, gzip`);
  expect(size('.js')).toBeLessThan(230_000);
  expect(size('.css')).toBeLessThan(20_000);
  await page.close();
});
