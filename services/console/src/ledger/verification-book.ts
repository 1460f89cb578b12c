// The last verifications of each chain, by whom, over which range: from sealed records.
import type * as z from 'zod';
import type { VerificationResult } from '../contract/integrity.ts';
import type { LogEntry } from './log-fold.ts';

type Result = z.input<typeof VerificationResult>;

const chainsMax = 1024;

/** What is on record of verifications. One that was stopped says nothing and is passed by. */
export class VerificationBook {
  readonly #last = new Map<string, Result>();
  readonly #lastFull = new Map<string, Result>();

  last(chain: string): Result | null {
    return this.#last.get(chain) ?? null;
  }

  /** The newest that began at the chain's first row. */
  lastFull(chain: string): Result | null {
    return this.#lastFull.get(chain) ?? null;
  }

  /** Takes a record of the log; other kinds are passed by. */
  take({ header, body }: LogEntry): void {
    if (body.kind !== 'control.verification' || body.verdict === 'stopped') return;
    const { verifiedChain: chain, from, to, rows, verdict, code, position, detail, actor } = body;
    const result = {
      ...{ chain, verdict, actor },
      from: `${from}`,
      to: `${to}`,
      rows: `${rows}`,
      code: code ?? null,
      position: position === undefined ? null : `${position}`,
      detail: detail ?? null,
      endedAtNs: `${header.timeNs}`,
    };
    if (this.#last.size >= chainsMax && !this.#last.has(chain)) return;
    this.#last.set(chain, result);
    if (from === 0n) this.#lastFull.set(chain, result);
  }
}
