// Whole bodies of few rows, parsed as JSON, for views that need more than a row of a list.
import * as z from 'zod';

/** Chain, position, event time in nanoseconds, and the body as JSON; undefined where it is none. */
export const StoredBody = z.object({
  c: z.string(),
  p: z.string(),
  t: z.string(),
  body: z.string().transform((text): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      // Bytes that were changed since they were sealed: `verify` names them.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }),
});

interface Wanted {
  /** About `sealed`; values are bound. */
  readonly condition: string;
  readonly limit: number;
  readonly order?: 'ASC' | 'DESC';
}

/** Rows in order of event time, a benign duplicate once. */
export function storedBodies({ condition, limit, order = 'ASC' }: Wanted): string {
  return `
SELECT lower(hex(chain)) AS c, toString(pos) AS p,
  toString(toUnixTimestamp64Nano(time)) AS t, body
FROM sealed WHERE ${condition}
ORDER BY time ${order}, chain ${order}, pos ${order} LIMIT 1 BY chain, pos LIMIT ${limit}`;
}
