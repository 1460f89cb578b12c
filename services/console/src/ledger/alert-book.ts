// The alerts: findings, and what people did about them, folded from sealed records.
import type { BodyOf } from '@sandtrail/schemas/events';
import type { AlertAct, AlertVerdict } from '@sandtrail/schemas/events/control-alert';
import type { Finding } from '@sandtrail/schemas/finding';
import type * as z from 'zod';
import type { AlertState, AlertStep } from '../contract/alerts.ts';
import type { SealPlace } from '../contract/scalars.ts';
import type { LogEntry } from './log-fold.ts';

type Step = z.input<typeof AlertStep>;

/** A finding as an alert. */
export interface BookedAlert {
  readonly finding: Finding;
  readonly at: SealPlace;
  readonly state: AlertState;
  readonly owner: string | null;
  readonly verdict: AlertVerdict | null;
  /** Oldest first, the newest so many. */
  readonly steps: readonly Step[];
}

const alertsMax = 5000;
const stepsMax = 64;
const earlyMax = 1000;

/** The newest alerts, in order of their findings. */
export class AlertBook {
  readonly #alerts = new Map<string, BookedAlert>();
  /** Acts about findings that were not seen yet: topics are read side by side. */
  readonly #early = new Map<string, readonly LogEntry[]>();
  #beyond = 0;

  /** How many older alerts had to leave. */
  get beyond(): number {
    return this.#beyond;
  }

  get all(): readonly BookedAlert[] {
    return [...this.#alerts.values()];
  }

  of(id: string): BookedAlert | undefined {
    return this.#alerts.get(id);
  }

  /** Takes a record of the log; other kinds are passed by. */
  take(entry: LogEntry): void {
    if (entry.body.kind === 'finding') this.#found(entry, entry.body.finding);
    if (entry.body.kind === 'control.alert')
      for (const id of entry.body.findings) this.#acted(id, entry);
  }

  #found(entry: LogEntry, finding: Finding): void {
    if (this.#alerts.has(finding.id)) return;
    const fresh = { state: 'open', owner: null, verdict: null, steps: [] } as const;
    this.#alerts.set(finding.id, { finding, at: entry.at, ...fresh });
    const early = this.#early.get(finding.id) ?? [];
    this.#early.delete(finding.id);
    for (const each of early) this.#acted(finding.id, each);
    if (this.#alerts.size > alertsMax) this.#forgetOne();
  }

  #acted(id: string, entry: LogEntry): void {
    const alert = this.#alerts.get(id);
    if (alert === undefined) {
      this.#early.set(id, [...(this.#early.get(id) ?? []), entry].slice(-stepsMax));
      const [oldest] = this.#early.keys();
      if (this.#early.size > earlyMax && oldest !== undefined) this.#early.delete(oldest);
      return;
    }
    if (entry.body.kind === 'control.alert')
      this.#alerts.set(id, stepped(alert, entry, entry.body));
  }

  /** A closed one first; an open one only when all are. */
  #forgetOne(): void {
    const alerts = [...this.#alerts.values()];
    const oldest = alerts.find(({ state }) => state === 'closed') ?? alerts[0];
    if (oldest !== undefined) this.#alerts.delete(oldest.finding.id);
    this.#beyond += 1;
  }
}

const stateAfter: Readonly<Record<AlertAct, AlertState | undefined>> = {
  acknowledge: 'acknowledged',
  assign: 'acknowledged',
  close: 'closed',
  reopen: 'open',
  comment: undefined,
};

function stepped(
  alert: BookedAlert,
  { at, header }: LogEntry,
  { act, actor, owner, verdict, reason }: BodyOf<'control.alert'>,
): BookedAlert {
  const step = {
    ...{ at, act, actor, reason },
    atNs: `${header.timeNs}`,
    owner: owner ?? null,
    verdict: verdict ?? null,
  };
  const taken = act === 'acknowledge' ? (alert.owner ?? actor) : (owner ?? alert.owner);
  return {
    ...alert,
    state: stateAfter[act] ?? alert.state,
    owner: taken,
    verdict: act === 'close' ? (verdict ?? null) : act === 'reopen' ? null : alert.verdict,
    steps: [...alert.steps, step].slice(-stepsMax),
  };
}

/** True when the act would leave the alert as it is. */
export function isUnchanged(alert: BookedAlert, act: AlertAct, owner: string | undefined): boolean {
  switch (act) {
    case 'acknowledge':
      return alert.state !== 'open';
    case 'assign':
      return alert.owner === owner && alert.state === 'acknowledged';
    case 'close':
      return alert.state === 'closed';
    case 'reopen':
      return alert.state === 'open';
    case 'comment':
      return false;
    default:
      return act satisfies never;
  }
}
