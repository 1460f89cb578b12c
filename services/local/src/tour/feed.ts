// What the tour watches: findings and containment records as they enter the log, with arrival times.
import type { Clock } from '@sandtrail/runtime/clock';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import type { Body, BodyOf } from '@sandtrail/schemas/events';
import { streamAdmin } from '../admin-client.ts';

/** One record of the feed. `afterMs` is from the deciding event to its arrival here. */
export interface Seen {
  readonly sandbox: string;
  readonly body: Body;
  readonly afterMs: number;
}

interface Waiting {
  readonly wanted: (seen: Seen) => boolean;
  readonly resolve: (seen: Seen) => void;
}

/** A feed of findings and containments; the newest `keptMax` are remembered. */
export interface Feed {
  /** The first record, past or coming, that is `wanted`; undefined after `withinMs`. */
  find(wanted: (seen: Seen) => boolean, withinMs: number): Promise<Seen | undefined>;
  all(wanted: (seen: Seen) => boolean): readonly Seen[];
  close(): Promise<void>;
}

const keptMax = 10_000;
const againMs = 200;

interface FeedOptions {
  readonly socket: string;
  readonly clock: Clock;
}

/** Follows the log through the admin socket until closed. */
export function openFeed({ socket, clock }: FeedOptions): Feed {
  const closing = new AbortController();
  const kept: Seen[] = [];
  const waiting = new Set<Waiting>();
  const { signal } = closing;
  const take = (line: string) => {
    const { header, body } = parseEventLine(line);
    const seen = { sandbox: header.sandbox, body, afterMs: lag(clock, body) };
    kept.push(seen);
    if (kept.length > keptMax) kept.shift();
    for (const each of waiting) if (each.wanted(seen)) each.resolve(seen);
  };
  const follow = async () => {
    while (!signal.aborted) {
      try {
        const tail = { socket, method: 'GET', path: '/v1/tail', signal } as const;
        for await (const line of streamAdmin(tail)) take(line);
      } catch (error) {
        if (!(error instanceof SandtrailError)) throw error;
      }
      // A core that died is being started again; what passed meanwhile was not seen here.
      await pause(againMs, signal);
    }
  };
  const following = follow();
  return {
    find: (wanted, withinMs) =>
      new Promise((resolve) => {
        const past = kept.find(wanted);
        if (past !== undefined) {
          resolve(past);
          return;
        }
        const entry: Waiting = {
          wanted,
          resolve: (seen) => {
            clearTimeout(timer);
            waiting.delete(entry);
            resolve(seen);
          },
        };
        const timer = setTimeout(() => {
          waiting.delete(entry);
          resolve(undefined);
        }, withinMs);
        waiting.add(entry);
      }),
    all: (wanted) => kept.filter(wanted),
    async close() {
      closing.abort();
      await following;
    },
  };
}

/** A finding that is about this sandbox, by one detector or by any. */
export function isFinding(
  seen: Seen,
  sandbox: string,
  detector?: string,
): seen is Seen & {
  readonly body: BodyOf<'finding'>;
} {
  const { body } = seen;
  if (body.kind !== 'finding' || body.finding.sandbox !== sandbox) return false;
  return detector === undefined || body.finding.detector === detector;
}

function lag(clock: Clock, body: Body): number {
  const fromNs = body.kind === 'finding' ? body.finding.timeNs : body.observedAtNs;
  return Number((clock.nowNs() - fromNs) / 10_000n) / 100;
}
