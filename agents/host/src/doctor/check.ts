// What one check of the doctor says, and how a check runs another program.
import { spawn } from 'node:child_process';
import { SandtrailError } from '@sandtrail/schemas/errors';

/** The outcome of one check: what really works here, never what was asked for. */
export interface Check {
  readonly name: string;
  readonly state: 'on' | 'off' | 'degraded';
  /** The effective mode in words. */
  readonly mode: string;
  /** What nobody sees while this is its state. */
  readonly blind: readonly string[];
  /** Why it is not fully on; empty when it is. */
  readonly why: string;
  /** The exact command or act that mends it; empty when nothing needs mending. */
  readonly remedy: string;
}

/** A check that is fully on. */
export function works(name: string, mode: string, blind: readonly string[] = []): Check {
  return { name, state: 'on', mode, blind, why: '', remedy: '' };
}

type Fault = Pick<Check, 'why' | 'remedy'> & { readonly blind?: readonly string[] };

/** A check that found nothing that works. */
export function missing(name: string, { why, remedy, blind = [] }: Fault): Check {
  return { name, state: 'off', mode: 'off', blind, why, remedy };
}

/** What went wrong, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof SandtrailError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}

interface Outcome {
  readonly ok: boolean;
  /** The last line that it printed on standard error, or why it could not run. */
  readonly said: string;
}

const runTimeoutMs = 10_000;
const saidSizeMax = 4_096;

/** Runs a program to its end, at most 10 s. */
export async function tryRun(command: string, ...args: readonly string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Unlike the option `timeout`, this does not hold a process that failed to start for 10 s.
    signal: AbortSignal.timeout(runTimeoutMs),
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-saidSizeMax);
  });
  child.on('error', (error) => resolve({ ok: false, said: error.message }));
  child.on('close', (code, signal) => {
    const last = said.trim().split('\n').at(-1) ?? '';
    resolve({ ok: code === 0, said: last === '' ? `ended with ${signal ?? code}` : last });
  });
  return promise;
}
