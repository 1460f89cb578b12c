// What was asked is recorded before it is answered: once for each question, not for each page of it.
import type { Clock } from '@sandtrail/runtime/clock';
import type { ActRecord } from '../sessions/act-record.ts';
import type { OpenSession } from '../sessions/sessions.ts';

interface AskingOptions {
  readonly acts: ActRecord;
  readonly clock: Clock;
}

/** A question of somebody's: `act` names the sort, `asked` is the filter. */
export interface Questioned {
  readonly session: OpenSession;
  readonly act: string;
  readonly asked: unknown;
}

const sameForMs = 10 * 60_000;
const knownMax = 2048;

/** Writes `control.audit` for questions; the same one again within ten minutes is one. */
export class Asking {
  readonly #options: AskingOptions;
  readonly #known = new Map<string, number>();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /** Resolves when it is on record. @throws SandtrailError as the log's `append` */
  async record({ session, act, asked }: Questioned): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const key = `${session.name} ${act} ${JSON.stringify(asked)}`;
    const atMs = this.#known.get(key);
    if (atMs !== undefined && nowMs - atMs < sameForMs) return;
    await this.#options.acts.asked({ actor: session.actor, act: `console.${act}`, asked });
    this.#known.delete(key);
    this.#known.set(key, nowMs);
    const [oldest] = this.#known.keys();
    if (this.#known.size > knownMax && oldest !== undefined) this.#known.delete(oldest);
  }
}
