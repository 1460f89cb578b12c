// A load on the product, as a process of its own: what it is told to do, what it says it did.
import { fork } from 'node:child_process';
import * as z from 'zod';

/** What a load does. `records` are framed by it and posted; `emit` goes through the kit. */
export const LoadPlan = z.strictObject({
  way: z.enum(['records', 'emit']),
  data: z.string(),
  sandboxes: z.int().min(1),
  /** Records a second; 0 is as many as are taken. */
  rate: z.int().min(0),
  seconds: z.number().min(0),
});
export type LoadPlan = z.infer<typeof LoadPlan>;

/** What became of it. `sent` holds the kit's own records too: every one must be found again. */
export const LoadResult = z.strictObject({
  sent: z.int(),
  refused: z.int(),
  /** Observations that the kit could not take: its memory was full. */
  dropped: z.int(),
  failures: z.int(),
  sizeBytesMean: z.number(),
  elapsedMs: z.number(),
  cpuMs: z.number(),
  ackMsP50: z.number(),
  ackMsP99: z.number(),
});
export type LoadResult = z.infer<typeof LoadResult>;

const program = new URL('./load-process.ts', import.meta.url).pathname;

/** Starts the load; resolves with its process id and its end. */
export function startLoad(plan: LoadPlan) {
  const child = fork(program, [JSON.stringify(plan)], { stdio: ['ignore', 2, 2, 'ipc'] });
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once('message', (message) => resolve(LoadResult.parse(message)));
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)));
  });
  return { pid: child.pid ?? 0, result };
}
