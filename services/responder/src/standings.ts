// The standings of all sandboxes that were ever contained or are asked about, bounded.
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { ground, type Standing } from './ladder.ts';

/** One sandbox in one incarnation. */
export interface Subject {
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

/** A standing as `list` shows it. */
export interface StandingReport extends Subject {
  readonly level: Level;
  readonly holds: boolean;
  readonly ended: boolean;
  readonly requesters: readonly string[];
}

/** Standings by sandbox and incarnation. */
export class Standings {
  readonly #standings = new Map<string, { readonly subject: Subject; standing: Standing }>();
  readonly #countMax: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  of(subject: Subject): Standing {
    return this.#standings.get(keyOf(subject))?.standing ?? ground;
  }

  /** Replaces a standing by what `change` makes of it. */
  change(subject: Subject, change: (standing: Standing) => Standing): void {
    const key = keyOf(subject);
    const standing = change(this.of(subject));
    this.#standings.delete(key);
    const { sandbox, incarnation } = subject;
    this.#standings.set(key, { subject: { sandbox, incarnation }, standing });
    if (this.#standings.size > this.#countMax) this.#forgetOne();
  }

  list(): readonly StandingReport[] {
    return [...this.#standings.values()].map(({ subject, standing }) => {
      const { level, holds, ended, requesters } = standing;
      return { ...subject, level, holds, ended, requesters };
    });
  }

  /** The oldest that is over goes first; a live containment is forgotten only when there is no other. */
  #forgetOne(): void {
    const entries = [...this.#standings];
    const isOver = (standing: Standing) =>
      standing.underWay.size === 0 && (standing.ended || standing.level === 'L0');
    const [key] = entries.find(([, { standing }]) => isOver(standing)) ?? entries[0] ?? [];
    if (key !== undefined) this.#standings.delete(key);
  }
}

function keyOf({ sandbox, incarnation }: Subject): string {
  return `${sandbox} ${incarnation}`;
}
