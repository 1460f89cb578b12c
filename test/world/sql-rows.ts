// Rows of a query over what a test's product has stored.
import { streamAdmin } from '@sandtrail/local/admin-client';
import type { TestProduct } from './product.ts';

/** The rows of a SELECT over the table `sealed`. */
export async function sqlRows(
  { layout }: Pick<TestProduct, 'layout'>,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Record<string, unknown>[] = [];
  const { adminSocket: socket } = layout;
  for await (const line of streamAdmin({ socket, method: 'POST', path: '/v1/sql', input: { sql } }))
    rows.push(JSON.parse(line));
  return rows;
}
