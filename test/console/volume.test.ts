// A hundred thousand rows and two thousand events a second: the page stays quick and loses no count.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, startChromium, type TestBrowser } from './chromium.ts';
import { type ContractServer, startContractServer } from './contract-server.ts';
import { session, uid } from './made-events.ts';

let server: ContractServer;
let browser: TestBrowser;

beforeAll(async () => {
  server = await startContractServer({ rows: session(100_000) });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Presses `j` so often and tells, for each press, the time until the frame after it was drawn. */
const pressAndTime = (presses: number) => `(async () => {
  const times = [];
  for (let at = 0; at < ${presses}; at++) {
    const begun = performance.now();
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
    await new Promise((drawn) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = drawn;
      channel.port2.postMessage(0);
    }));
    times.push(performance.now() - begun);
    await new Promise((rest) => setTimeout(rest, 30));
  }
  return times.sort((a, b) => a - b);
})()`;

// Noise of a shared machine, not a slower page: the aim is 100 ms, and the README has the figure.
const slackFactor = 3;

test('at 100,000 rows a key is drawn soon and the document stays small', async () => {
  const { page } = await openPage(browser, `${server.url}/sandboxes/${uid}/0/timeline?order=time`);
  await page.getByText(/^100,\d{3} rows of 100,\d{3} events$/).waitFor({ timeout: 50_000 });
  const times: number[] = await page.evaluate(pressAndTime(60));
  const p95 = times[Math.floor(times.length * 0.95)] ?? Number.POSITIVE_INFINITY;
  const nodes: number = await page.evaluate(`document.querySelectorAll('*').length`);
  console.log(`100,000 rows: key to paint p95 ${p95.toFixed(1)} ms, ${nodes} elements`);
  expect(nodes).toBeLessThanOrEqual(800);
  expect(p95).toBeLessThan(100 * slackFactor);
  await page.locator('.row-list').evaluate('(list) => { list.scrollTop = list.scrollHeight / 2; }');
  await page.waitForTimeout(300);
  expect(await page.locator('[role="row"]').count()).toBeGreaterThan(20);
  await page.close();
});

test('at 2,000 events a second shown and left are what was sent', async () => {
  server.behaviour.rows = server.behaviour.rows.slice(0, 5000);
  server.behaviour.perSecond = 2000;
  const { page } = await openPage(browser, `${server.url}/live`);
  await page.getByText(/older ones left this page/).waitFor({ timeout: 50_000 });
  const frames: number = await page.evaluate(`new Promise((done) => {
    let frames = 0;
    const begun = performance.now();
    const next = () => { frames++; performance.now() - begun < 2000 ? requestAnimationFrame(next) : done(frames / 2); };
    requestAnimationFrame(next);
  })`);
  server.behaviour.perSecond = 0;
  await page.waitForTimeout(1500);
  const words = (await page.locator('.filter-count').textContent()) ?? '';
  const [shown = 0, left = 0] = [...words.matchAll(/([\d,]+) (?:rows|older)/g)].map((match) =>
    Number((match[1] ?? '').replaceAll(',', '')),
  );
  console.log(`2,000 events/s: ${frames} frames/s; ${words}`);
  expect(shown).toBe(20_000);
  // What was sent last may still be on its way.
  expect(shown + left).toBeLessThanOrEqual(server.sent());
  expect(shown + left).toBeGreaterThan(server.sent() * 0.95);
  await page.close();
});
