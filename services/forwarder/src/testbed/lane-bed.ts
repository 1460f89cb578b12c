// A lane over rows in memory, with an output that answers as a test says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import type { Topic } from '@sandtrail/schemas/topics';
import { Cursor } from '../cursor.ts';
import { DeadLetters } from '../dead-letters.ts';
import { Lane } from '../lane.ts';
import { MessageCache } from '../message-cache.ts';
import type { Message, Output, Verdict } from '../output.ts';
import { Destination } from '../outputs.ts';
import { Tide } from '../tide.ts';
import { MemoryStore } from './memory-store.ts';

/** What an output answers to one call; throws where it should fail. */
export type Answer = (
  messages: readonly Message[],
  signal: AbortSignal,
) => readonly Verdict[] | Promise<readonly Verdict[]>;

interface LaneBedOptions {
  readonly answer: Answer;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly topics?: readonly Topic[];
}

/** A store, a folder for cursors, and lanes over them, one after another. */
export class LaneBed {
  readonly store = new MemoryStore();
  readonly dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-lane-'));

  /** Opens a lane as a start of the product does, and runs it until `stop`. */
  async start({ answer, settings = {}, topics = ['events'] }: LaneBedOptions) {
    const parsed = Destination.parse({
      ...{ type: 'file', path: '/dev/null', retryMsMax: 10, timeoutMs: 500 },
      ...settings,
    });
    const stopping = new AbortController();
    const tide = new Tide({ store: this.store, onFailure: () => undefined });
    const cursor = await Cursor.open(
      path.join(this.dir, 'lane.cursor.json'),
      async () => new Map(),
    );
    const dead = await DeadLetters.open({
      path: path.join(this.dir, 'lane.dead.ndjson'),
      max: parsed.deadMax,
      isPast: ({ chain, pos }) => BigInt(pos) < cursor.next(chain),
    });
    const output: Output = {
      deliver: async (messages, signal) => answer(messages, signal),
      close: async () => undefined,
    };
    const failures: string[] = [];
    const lane = new Lane({
      ...{
        topics,
        settings: parsed,
        output,
        cursor,
        dead,
        tide,
        store: this.store,
        cache: new MessageCache(),
      },
      ...{ node: 'node-1', clock: systemClock, random: systemRandom },
      onCounted: () => undefined,
      onFailure: (code) => failures.push(code),
    });
    await tide.refresh();
    const running = Promise.all([tide.run(stopping.signal), lane.run(stopping.signal)]);
    const stop = async () => {
      stopping.abort();
      await running;
    };
    return { lane, tide, cursor, dead, output, failures, stop };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
