// The console on the running product: a real attack in a real sandbox, found, contained, triaged, verified.
import { setTimeout as delay } from 'node:timers/promises';
import type { Role } from '@sandtrail/console/contract/rights';
import { startFileServer } from '@sandtrail/local/tour/file-server';
import { tourPolicy } from '@sandtrail/local/tour/policy';
import { attacks } from '@sandtrail/local/tour/scenarios';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkOf } from '../world/console.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { type RunningWorkload, startWorkload } from '../world/workload.ts';
import { axeFindings } from './axe.ts';
import { openPage, settled, startChromium, type TestBrowser } from './chromium.ts';
import { consoleRoutes } from './console-routes.ts';

let product: TestProduct;
let browser: TestBrowser;
let running: RunningWorkload;
let origin = '';

beforeAll(async () => {
  const [attack] = attacks;
  if (attack === undefined) throw new Error('there are no attacks');
  const server = await startFileServer();
  await server.close();
  product = await startTestProduct({ console: { port: 0 } });
  running = startWorkload(product, {
    ...{ name: attack.name, files: attack.files, script: attack.script },
    policy: tourPolicy({ port: server.port, isolation: 'bubblewrap' }),
  });
  running.stdin.end();
  await awaitRecord(product, running.uid, 'containment.verified');
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await product.command(['quarantine', running.uid, '--level', 'L5']);
  await running.ended;
  expect(await product.close()).toEqual([]);
});

/** A page signed in by a link of its own, as whom it says. */
async function openAs(actor: string, role: Role) {
  const link = await linkOf(product, actor, role);
  origin = link.origin;
  const { page, misdeeds } = await openPage(browser, link.href);
  await page.waitForURL(`${origin}/live`);
  return { page, misdeeds };
}

async function goTo(page: Page, address: string) {
  await page.goto(`${origin}${address}`);
  await settled(page);
}

test('a link signs in, and its token is in no address afterwards', async () => {
  const { page, misdeeds } = await openAs('maria', 'analyst');
  await page.getByText('maria').waitFor();
  expect(page.url()).not.toContain('#');
  await page.goBack();
  expect(page.url()).not.toMatch(/#\w/);
  expect(misdeeds).toEqual({ faults: [], foreign: [] });
  await page.close();
});

test('the attack stands in its timeline under its cause, contained and proven', async () => {
  const { page, misdeeds } = await openAs('anna', 'admin');
  await goTo(page, `/sandboxes/${running.uid}/0/timeline`);
  await page.locator('.event-line').nth(5).waitFor();
  await page.getByText(/rows of [\d,]+ events$/).waitFor();
  await page.keyboard.press('n');
  await page.locator('.event-line[aria-selected="true"] .severity-chip').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  await page.keyboard.press('a');
  await page.getByText(/Acknowledged: 1 · anna/).waitFor();
  await page.getByText('✓ proven').first().waitFor();
  expect(misdeeds).toEqual({ faults: [], foreign: [] });
  await page.close();
});

test('who asked may not release; another person releases, with the proof as it came back', async () => {
  const { page } = await openAs('peter', 'admin');
  await goTo(page, '/containment');
  await page.getByRole('button', { name: 'Release…' }).first().click();
  await page.getByLabel('Reason, sealed with the act').fill('looked into it');
  await page.keyboard.press('Enter');
  await page
    .getByText(/: released/)
    .first()
    .waitFor();
  await page.close();
});

test('a range is verified while one looks on, and is told with its range and time', async () => {
  const { page } = await openAs('auditor', 'viewer');
  await goTo(page, '/integrity');
  await page.locator('tbody a').first().click();
  await page.getByRole('button', { name: 'Verify this range' }).click();
  await page
    .getByText(/positions 0 to \d+, [\d,]+ rows read/)
    .first()
    .waitFor();
  await page.close();
});

test('every page shows real data, and axe finds nothing on it', async () => {
  const { page, misdeeds } = await openAs('anna', 'admin');
  const alerts = await page.request.get(`${origin}/api/v1/alerts`);
  const [alert] = JSON.parse(await alerts.text()).alerts;
  const routes = consoleRoutes({
    ...{ uid: running.uid, incarnation: 0, alert: alert.id, event: alert.at },
  });
  for (const [name, address] of Object.entries(routes)) {
    await goTo(page, address);
    await delay(100);
    expect(await page.getByRole('alert').allTextContents(), name).toEqual([]);
    expect(await axeFindings(page), name).toEqual([]);
  }
  expect(misdeeds).toEqual({ faults: [], foreign: [] });
  await page.close();
});
