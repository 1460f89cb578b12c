// What axe finds on a page as it stands, one line each.
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import * as z from 'zod';

const Found = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }));

/** WCAG 2.2 AA and best practices. Empty is what is wanted. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(`if (window.axe === undefined) { ${axe.source} }`);
  const tags = '["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]';
  const found = await page.evaluate(
    `axe.run(document, { runOnly: ${tags}, resultTypes: ['violations'] }).then((result) => result.violations)`,
  );
  return Found.parse(found).map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''} (${nodes.length})`,
  );
}
