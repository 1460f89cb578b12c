// Text from a sandbox attacks every page and nothing happens: no dialog, element, report or request.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, settled, startChromium, type TestBrowser } from './chromium.ts';
import { consoleRoutes } from './console-routes.ts';
import { type ContractServer, startContractServer } from './contract-server.ts';
import { hostileText } from './hostile-corpus.ts';
import { findingId, session, uid } from './made-events.ts';

// A server of test code, so that every text that the contract calls hostile can be hostile at once.
const rows = session(700).map((row) => ({
  ...row,
  summary: hostileText.slice(0, 512).toWellFormed(),
  finding: row.finding === null ? null : { ...row.finding, title: hostileText.slice(0, 128) },
  process:
    row.process === null
      ? null
      : { ...row.process, exe: hostileText.slice(0, 4096).toWellFormed() },
}));
const event = rows.find(({ kind }) => kind === 'tool.result') ?? rows[0];
let server: ContractServer;
let browser: TestBrowser;

beforeAll(async () => {
  server = await startContractServer({ rows, name: hostileText.slice(0, 120) });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const routes = consoleRoutes({
  ...{ uid, incarnation: 0, alert: findingId(1) },
  event: { chain: event?.chain ?? '', pos: event?.pos ?? '' },
});

/** Elements that only hostile text could have made, and a page that became wider than its window. */
const foreign = `[
  ...document.querySelectorAll('script:not([src]), iframe, img, style, base, object, embed, a[href^="javascript"], link[href^="http://198"]'),
].map((each) => each.outerHTML.slice(0, 120)).concat(
  document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : [])`;

test.each(Object.entries(routes))('%s', async (_name, address) => {
  const { page, misdeeds } = await openPage(browser, `${server.url}${address}`);
  await settled(page);
  expect(await page.evaluate(foreign)).toEqual([]);
  await page.setViewportSize({ width: 420, height: 900 });
  expect(await page.evaluate(foreign)).toEqual([]);
  expect(misdeeds).toEqual({ faults: [], foreign: [] });
  await page.close();
});

test('what is hidden in a text is shown by name', async () => {
  const { page } = await openPage(browser, `${server.url}${routes['an event']}`);
  await page.locator('.event-raw .machine-mark').first().waitFor();
  const marks = await page.locator('.machine-mark').allInnerTexts();
  for (const mark of ['ESC', 'U+202E', 'BEL']) expect(marks).toContain(mark);
  expect(await page.locator('.event-raw').first().textContent()).toContain(
    '<script>alert(1)</script>',
  );
  await page.close();
});
