// Follows the log from now on: every new record as one flat line, in the order of each place.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import { followLog } from '@sandtrail/bus/follow';
import type { Counters } from '@sandtrail/runtime/counters';
import { flattenEvent } from '@sandtrail/schemas/event-line';
import { decodeFrame } from '@sandtrail/schemas/frame';
import type { EventFilter } from './admin-contract.ts';

interface TailOptions {
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly filter: Pick<EventFilter, 'sandbox' | 'kind' | 'text'>;
  readonly counters: Counters;
  readonly signal: AbortSignal;
}

/** Lines that wait for a slow reader; beyond it the oldest are dropped and counted. */
const waitingMax = 10_000;
const read = { recordsMax: 1000, sizeBytesMax: 4 * 1024 * 1024 };

/** Yields `query --json`'s lines as records arrive; ends when `signal` aborts. */
export async function* tailLog(options: TailOptions): AsyncGenerator<string> {
  const { bus, places, signal, counters } = options;
  const waiting: string[] = [];
  let wake = Promise.withResolvers<void>();
  const follow = async (place: Place) => {
    const { next: from } = await bus.bounds(place);
    for await (const records of followLog({ reader: bus, place, from, ...read, signal })) {
      for (const { value } of records) {
        const line = lineOf(value, options);
        if (line === undefined) continue;
        waiting.push(line);
        if (waiting.length > waitingMax) {
          waiting.shift();
          counters.add('tail.dropped', 1, 'slow_reader');
        }
      }
      wake.resolve();
    }
  };
  const following = Promise.all(places.map(follow)).finally(() => wake.resolve());
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  while (!signal.aborted) {
    await wake.promise;
    wake = Promise.withResolvers<void>();
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) yield line;
  }
  await following;
}

function lineOf(frame: Buffer, { filter }: TailOptions): string | undefined {
  const parts = decodeFrame(frame);
  if (typeof parts === 'string') return undefined;
  const body = parts.body.toString('utf8');
  if (filter.text !== undefined && !body.includes(filter.text)) return undefined;
  const event = flattenEvent(parts.header.toString('utf8'), body);
  if (filter.sandbox !== undefined && event['sandbox'] !== filter.sandbox) return undefined;
  if (filter.kind !== undefined && !isKind(String(event['kind']), filter.kind)) return undefined;
  return JSON.stringify(event);
}

/** `network.` is the whole family; `network.dns` is the kind. */
function isKind(kind: string, wanted: string): boolean {
  return wanted.endsWith('.') ? kind.startsWith(wanted) : kind === wanted;
}
