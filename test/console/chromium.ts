// Debian's Chromium for a test: one browser, and pages that tell of everything that must not happen.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const options = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a profile of its own. */
export interface TestBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Starts Chromium. */
export async function startChromium(): Promise<TestBrowser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'st-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: options,
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
  });
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** What a page did that no page may do. */
interface Misdeeds {
  readonly faults: string[];
  /** Addresses outside the console that were asked for. */
  readonly foreign: string[];
}

/** A new page at `url` that keeps count of dialogs, policy reports, errors and foreign requests. */
export async function openPage(browser: TestBrowser, url: string) {
  const page = await browser.context.newPage();
  const misdeeds: Misdeeds = { faults: [], foreign: [] };
  const home = new URL(url).origin;
  page.on('dialog', (dialog) => {
    misdeeds.faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch((error: unknown) => misdeeds.faults.push(String(error)));
  });
  page.on('pageerror', (error) => misdeeds.faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy|Trusted ?(?:Type|HTML|Script|String)/i.test(text))
      misdeeds.faults.push(text);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== home) misdeeds.foreign.push(request.url());
  });
  await page.goto(url);
  return { page, misdeeds };
}

/** Resolves when the page shows what it has: nothing on it is still asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('#main').waitFor();
  await page.locator('[data-asking]').first().waitFor({ state: 'detached' });
}

/** Sets theme and width as a person would have them. */
export async function dress(page: Page, look: { theme: 'dark' | 'light'; width: number }) {
  await page.setViewportSize({ width: look.width, height: 900 });
  const { theme } = look;
  await page.evaluate(`localStorage.setItem('theme', '${theme}');
    document.documentElement.dataset.mantineColorScheme = '${theme}';`);
}
