// What a destination refused for ever: where each event stands in the record, and why; for a replay.
import { open, readFile } from 'node:fs/promises';
import { writeDurableFile } from '@sandtrail/runtime/durable-file';
import { Sha256Hex, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** The event itself is in the store: nothing is kept twice, and no copy outlives an erasure. */
export const DeadLetter = z.strictObject({
  chain: Sha256Hex,
  pos: z.string().regex(/^\d{1,20}$/),
  /** A code, never the destination's own words: those may quote the event. */
  reason: text(128),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

const mode = 0o600;

interface DeadLettersOptions {
  readonly path: string;
  readonly max: number;
  /** True for an event that the cursor has moved over. */
  readonly isPast: (letter: DeadLetter) => boolean;
}

/** The dead letters of one lane, at most `max`. */
export class DeadLetters {
  readonly #path: string;
  readonly #max: number;
  readonly #letters: Map<string, DeadLetter>;
  #turn: Promise<void> = Promise.resolve();

  private constructor(path: string, max: number, letters: Map<string, DeadLetter>) {
    this.#path = path;
    this.#max = max;
    this.#letters = letters;
  }

  /**
   * Reads the file. What `isPast` does not hold for is left out, and a last line that a crash tore:
   * the cursor had not moved over those events yet, so they come again.
   */
  static async open({ path, max, isPast }: DeadLettersOptions): Promise<DeadLetters> {
    const lines = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    });
    const letters = new Map<string, DeadLetter>();
    for (const line of lines.split('\n').slice(0, -1)) {
      const letter = DeadLetter.safeParse(JSON.parse(line));
      if (letter.success && isPast(letter.data)) letters.set(nameOf(letter.data), letter.data);
    }
    const dead = new DeadLetters(path, max, letters);
    if (lines !== '') await dead.#replace();
    return dead;
  }

  get isFull(): boolean {
    return this.#letters.size >= this.#max;
  }

  all(): readonly DeadLetter[] {
    return [...this.#letters.values()];
  }

  /** Keeps letters; durable when it resolves. */
  async add(letters: readonly DeadLetter[]): Promise<void> {
    for (const letter of letters) this.#letters.set(nameOf(letter), letter);
    if (letters.length > 0) await this.#inTurn(() => this.#append(letters));
  }

  /** Removes letters that were delivered after all. */
  async remove(letters: readonly Omit<DeadLetter, 'reason'>[]): Promise<void> {
    for (const letter of letters) this.#letters.delete(nameOf(letter));
    if (letters.length > 0) await this.#inTurn(() => this.#replace());
  }

  /** A lane adds while a replay removes: the file takes one change at a time. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(change);
    this.#turn = next.catch(() => Promise.resolve());
    return next;
  }

  async #append(letters: readonly DeadLetter[]): Promise<void> {
    const file = await open(this.#path, 'a', mode);
    try {
      await file.appendFile(letters.map((each) => `${JSON.stringify(each)}\n`).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #replace(): Promise<void> {
    const lines = this.all().map((each) => `${JSON.stringify(each)}\n`);
    await writeDurableFile({ path: this.#path, text: lines.join(''), mode });
  }
}

function nameOf({ chain, pos }: Omit<DeadLetter, 'reason'>): string {
  return `${chain}:${pos}`;
}
