// How processes of the product ask one another for their metrics: over the supervisor's channels.
import type { ChildProcess } from 'node:child_process';
import type { Counters } from '@sandtrail/runtime/counters';
import { measureProcess, ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import * as z from 'zod';

const answerMsMax = 1_000;
const siblingsMax = 16;

/** To a child: measure yourself. */
const Ask = z.strictObject({ askMetrics: z.int() });
/** From a child: what it measured. */
const Told = z.strictObject({ toldMetrics: z.int(), metrics: ProcessMetrics });
/** From a child: what did the others measure? And to it: this. */
const AskSiblings = z.strictObject({ askSiblings: z.int() });
const ToldSiblings = z.strictObject({
  toldSiblings: z.int(),
  metrics: z.array(ProcessMetrics).max(siblingsMax),
});

let asked = 0;

/** Asks a child; undefined when it does not answer within a second, or has no channel. */
export async function askMetrics(child: ChildProcess): Promise<ProcessMetrics | undefined> {
  if (!child.connected) return undefined;
  asked += 1;
  const number = asked;
  const answer = await heard(
    child,
    () => child.send({ askMetrics: number }),
    (message) => {
      const told = Told.safeParse(message);
      return told.data?.toldMetrics === number ? told.data.metrics : undefined;
    },
  );
  return answer;
}

/** Answers a child that asks for its siblings. */
export function answerSiblings(
  child: ChildProcess,
  siblings: () => Promise<readonly ProcessMetrics[]>,
): void {
  child.on('message', (message) => {
    const { data } = AskSiblings.safeParse(message);
    if (data === undefined) return;
    void siblings().then((metrics) => {
      if (child.connected) child.send({ toldSiblings: data.askSiblings, metrics });
    });
  });
}

/**
 * The child's side: answers who asks for this process, and gives what to call for this process and
 * its siblings together.
 */
export function exchangeMetrics(name: string, counters: Counters) {
  process.on('message', (message) => {
    const { data } = Ask.safeParse(message);
    if (data === undefined) return;
    process.send?.({ toldMetrics: data.askMetrics, metrics: measureProcess(name, counters) });
  });
  return async (): Promise<readonly ProcessMetrics[]> => {
    asked += 1;
    const number = asked;
    const ask = () => process.send?.({ askSiblings: number });
    const others = await heard(process, ask, (message) => {
      const told = ToldSiblings.safeParse(message);
      return told.data?.toldSiblings === number ? told.data.metrics : undefined;
    });
    return [measureProcess(name, counters), ...(others ?? [])];
  };
}

/** The first message that `read` takes, or undefined when none comes in time. */
async function heard<T>(
  channel: Pick<ChildProcess | NodeJS.Process, 'on' | 'off'>,
  ask: () => void,
  read: (message: unknown) => T | undefined,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<T | undefined>();
  const listen = (message: unknown) => {
    const answer = read(message);
    if (answer !== undefined) resolve(answer);
  };
  const timer = setTimeout(() => resolve(undefined), answerMsMax);
  channel.on('message', listen);
  try {
    ask();
    return await promise;
  } finally {
    clearTimeout(timer);
    channel.off('message', listen);
  }
}
