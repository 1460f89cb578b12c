// What sandboxes are called, for lists that name them: asked for once, kept within a bound.
import * as z from 'zod';
import type { Queries } from '../events/queries.ts';

/** The name and the template as `sandbox.created` has them. */
export interface SandboxName {
  readonly name: string;
  readonly template: string | null;
}

const Created = z.object({ s: z.string(), i: z.coerce.number(), name: z.string(), t: z.string() });
const keptMax = 10_000;
const askedMax = 1000;

/** Names by uid and incarnation. */
export class SandboxNames {
  readonly #queries: Queries;
  readonly #kept = new Map<string, SandboxName>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Looks up those that are not known yet; what is not sealed yet stays unknown. */
  async load(uids: readonly string[], signal: AbortSignal): Promise<void> {
    const known = new Set([...this.#kept.keys()].map((key) => key.split(' ')[0]));
    const missing = [...new Set(uids)].filter((uid) => !known.has(uid)).slice(0, askedMax);
    if (missing.length === 0) return;
    const params = Object.fromEntries(missing.map((uid, index) => [`u${index}`, uid]));
    const names = missing.map((_, index) => `{u${index}:String}`).join(', ');
    const rows = await this.#queries.rows({
      sql: `
SELECT sandbox AS s, toString(incarnation) AS i, JSONExtractString(body, 'name') AS name,
  JSONExtractString(body, 'template') AS t
FROM sealed WHERE kind = 'sandbox.created' AND sandbox IN (${names})
LIMIT 1 BY sandbox, incarnation LIMIT 10000`,
      params,
      row: Created,
      signal,
    });
    for (const { s, i, name, t } of rows) this.#keep(`${s} ${i}`, { name, template: t || null });
  }

  of(uid: string, incarnation: number): SandboxName | undefined {
    return this.#kept.get(`${uid} ${incarnation}`);
  }

  #keep(key: string, name: SandboxName): void {
    this.#kept.set(key, name);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
  }
}
