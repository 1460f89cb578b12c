// Everybody can use every page: axe finds nothing, in both themes, wide and narrow, dialogs open.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings } from './axe.ts';
import { dress, openPage, settled, startChromium, type TestBrowser } from './chromium.ts';
import { consoleRoutes } from './console-routes.ts';
import { type ContractServer, startContractServer } from './contract-server.ts';
import { findingId, session, uid } from './made-events.ts';

// Made data on a server of test code: states that a real record would have to be bent into.
const rows = session(1500);
const event = rows.find(({ summary }) => summary === '/var/run/docker.sock') ?? rows[0];
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

const looks = (['dark', 'light'] as const).flatMap((theme) =>
  [1440, 420].map((width) => ({ theme, width })),
);

async function findingsInAllLooks(page: Awaited<ReturnType<typeof openPage>>['page']) {
  const found: string[] = [];
  for (const look of looks) {
    await dress(page, look);
    found.push(...(await axeFindings(page)).map((each) => `${look.theme} ${look.width} ${each}`));
  }
  return found;
}

const routes = consoleRoutes({
  ...{ uid, incarnation: 0, alert: findingId(1) },
  event: { chain: event?.chain ?? '', pos: event?.pos ?? '' },
});

test.each(Object.entries(routes))('%s', async (_name, address) => {
  const { page, misdeeds } = await openPage(browser, `${server.url}${address}`);
  await settled(page);
  expect(await findingsInAllLooks(page)).toEqual([]);
  expect(misdeeds).toEqual({ faults: [], foreign: [] });
  await page.close();
});

test('dialogs: keys, go to, contain, close with a verdict', async () => {
  const { page } = await openPage(browser, `${server.url}${routes['an alert']}`);
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  for (const key of ['?', 'Control+k', 'c', 'v', 'e']) {
    await dress(page, { theme: 'dark', width: 1440 });
    await page.keyboard.press(key);
    await page.getByRole('dialog').waitFor();
    expect(await findingsInAllLooks(page), key).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await page.close();
});

test('the navigation of narrow screens', async () => {
  const { page } = await openPage(browser, `${server.url}/alerts`);
  await dress(page, { theme: 'light', width: 420 });
  await page.getByRole('button', { name: 'Navigation' }).click();
  await page.getByRole('link', { name: 'Fleet' }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.close();
});
