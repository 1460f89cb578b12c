// One stream of server-sent events: written at the reader's pace, ended when the reader is gone.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pause } from '@sandtrail/runtime/supervise';

/** One message. `id` is what a browser sends back when it comes again. */
export interface StreamMessage {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

/** A reader that takes nothing for so long is gone. */
const stuckMsMax = 15_000;
/** What a browser waits before it comes again. */
const retryMs = 2000;

/** Sends `messages` until they end or the reader is gone. The head is written with the first one. */
export async function sendEventStream(
  response: ServerResponse,
  messages: AsyncIterable<StreamMessage>,
  signal: AbortSignal,
): Promise<void> {
  response.write(`retry: ${retryMs}\n\n`);
  for await (const { event, data, id } of messages) {
    if (signal.aborted) break;
    const head = id === undefined ? '' : `id: ${id}\n`;
    // JSON has no line ends of its own, so one data line holds it whatever the text.
    const isTaken = response.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (!isTaken && !(await drained(response, signal))) break;
  }
  response.end();
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  const waiting = new AbortController();
  const stop = AbortSignal.any([signal, waiting.signal]);
  const drain = once(response, 'drain', { signal: stop }).then(
    () => true,
    () => false,
  );
  const isDrained = await Promise.race([drain, pause(stuckMsMax, stop).then(() => false)]);
  waiting.abort();
  return isDrained;
}
