// How far a lane of a destination is: kept in one small file, replaced whole, with what it counted.
import { readFile } from 'node:fs/promises';
import { writeDurableFile } from '@sandtrail/runtime/durable-file';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Count, Sha256Hex, Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** `received = sent + filtered + dead`, always: they move together with the cursor. */
export const Counts = z.strictObject({
  received: Count,
  sent: Count,
  filtered: Count,
  dead: Count,
});
export type Counts = z.infer<typeof Counts>;

const CursorFile = z.strictObject({
  v: z.literal(1),
  /** The next position of each chain. */
  next: z.record(Sha256Hex, Uint64),
  counts: Counts,
});

const mode = 0o600;

/** A lane's place in every chain. */
export class Cursor {
  readonly #path: string;
  readonly #next: Map<string, bigint>;
  #counts: Counts;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, next: Map<string, bigint>, counts: Counts) {
    this.#path = path;
    this.#next = next;
    this.#counts = counts;
  }

  /**
   * Reads the file, or begins at `start` (nothing: at the beginning of every chain).
   * @throws SandtrailError `DATA_DIR_DAMAGED`
   */
  static async open(
    path: string,
    start: () => Promise<ReadonlyMap<string, bigint>>,
  ): Promise<Cursor> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) {
      const counts = { received: 0, sent: 0, filtered: 0, dead: 0 };
      const cursor = new Cursor(path, new Map(await start()), counts);
      // From here on `now` is that moment, whatever happens before the first event is sent.
      await cursor.#save();
      return cursor;
    }
    try {
      const { next, counts } = CursorFile.parse(JSON.parse(text));
      return new Cursor(path, new Map(Object.entries(next)), counts);
    } catch (error) {
      throw new SandtrailError('DATA_DIR_DAMAGED', { detail: path, cause: error });
    }
  }

  /** The next position of a chain. */
  next(chain: string): bigint {
    return this.#next.get(chain) ?? 0n;
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** Moves on and counts, both at once; durable when it resolves. */
  async advance(ends: ReadonlyMap<string, bigint>, counted: Counts): Promise<void> {
    for (const [chain, next] of ends) this.#next.set(chain, next);
    this.#counts = plus(this.#counts, counted);
    await this.#save();
  }

  #save(): Promise<void> {
    const next = Object.fromEntries([...this.#next].map(([chain, pos]) => [chain, `${pos}`]));
    const text = `${JSON.stringify({ v: 1, next, counts: this.#counts })}\n`;
    this.#saving = this.#saving.then(() => writeDurableFile({ path: this.#path, text, mode }));
    return this.#saving;
  }
}

function plus(a: Counts, b: Counts): Counts {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    filtered: a.filtered + b.filtered,
    dead: a.dead + b.dead,
  };
}
