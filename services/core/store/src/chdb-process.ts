// The process of chDB, kept running: started, watched, started again with growing pauses, stopped.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type ChdbStart, ChdbState } from './chdb-start.ts';
import { openFailure } from './connection-failure.ts';

interface Options {
  readonly start: ChdbStart;
  /** Another user to run as; only root may choose one. */
  readonly account: { readonly uid: number; readonly gid: number } | undefined;
  readonly logger: Logger;
  readonly counters: Counters;
}

const program = fileURLToPath(new URL('./chdb-child.ts', import.meta.url));
const startMsMax = 60_000;
const stopMsMax = 5000;
const attemptsMax = 8;
const firstPauseMs = 100;
const longestPauseMs = 5000;
/** A directory may still be held for a moment by a process that was killed with its parent. */
const lockAttemptsMax = 4;
const lockPauseMs = 150;
const wordsCharsMax = 4096;

/** Supervises one child process. */
export class ChdbProcess {
  readonly #options: Options;
  readonly #closing = new AbortController();
  #child: ChildProcess | undefined;
  #up: Promise<void>;

  private constructor(options: Options) {
    this.#options = options;
    this.#up = this.#first();
  }

  /**
   * Starts the process; resolves when it serves.
   * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_DAMAGED`, `DATA_DIR_UNUSABLE`, `DISK_FULL`
   * or `STORE_FAILED`
   */
  static async start(options: Options): Promise<ChdbProcess> {
    const started = new ChdbProcess(options);
    await started.#up;
    return started;
  }

  /** Resolves when the process serves; rejects when it has been given up or closed. */
  ready(): Promise<void> {
    return this.#up;
  }

  /** The process's id, for its owner's figures; undefined while it is down. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Stops the process; what was acknowledged is durable. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    const kill = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    if (child.connected) child.send('stop');
    else child.kill('SIGKILL');
    await exited;
    clearTimeout(kill);
  }

  async #first(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#spawn();
        return;
      } catch (error) {
        const isHeld = error instanceof SandtrailError && error.code === 'DATA_DIR_IN_USE';
        if (!isHeld || attempt >= lockAttemptsMax) throw error;
        await pause(lockPauseMs, this.#closing.signal);
      }
    }
  }

  async #spawn(): Promise<void> {
    const { start, account } = this.#options;
    const child = fork(program, [], {
      // The child needs nothing of its parent's environment; the pool bounds its native calls.
      env: { UV_THREADPOOL_SIZE: '6', TZ: 'UTC' },
      execArgv: ['--max-old-space-size=96', '--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C reaches the parent alone, which ends it in order.
      detached: true,
      ...account,
    });
    this.#child = child;
    const words = this.#listen(child);
    child.send(start);
    await serving(child, words);
    child.once('exit', (code, signal) => this.#died(code, signal));
  }

  /** What the engine prints goes to the log; of a failed start it is the only reason given. */
  #listen(child: ChildProcess): () => string {
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-wordsCharsMax);
      this.#options.logger.warn('the engine said', { text: text.slice(0, wordsCharsMax) });
    });
    return () => words;
  }

  #died(code: number | null, signal: string | null): void {
    if (this.#closing.signal.aborted) return;
    const { logger, counters } = this.#options;
    counters.add('store.engine_exits');
    logger.error('the engine ended and is started again', {
      code: code ?? undefined,
      signal: signal ?? undefined,
    });
    this.#up = this.#again();
    // Whoever asks next gets the rejection; nobody may be asking right now.
    this.#up.catch((error: unknown) => {
      logger.error('the engine is given up', { detail: String(error) });
    });
  }

  async #again(): Promise<void> {
    let pauseMs = firstPauseMs;
    let last: unknown;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      await pause(pauseMs, this.#closing.signal);
      if (this.#closing.signal.aborted) break;
      try {
        await this.#spawn();
        return;
      } catch (error) {
        last = error;
        this.#options.counters.add('store.engine_start_failures');
      }
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    if (last instanceof SandtrailError) throw last;
    throw new SandtrailError('STORE_UNAVAILABLE', { detail: 'it is closed', cause: last });
  }
}

async function serving(child: ChildProcess, words: () => string): Promise<void> {
  const state = await Promise.race([
    once(child, 'message').then(([message]) => ChdbState.parse(message)),
    once(child, 'exit').then(([code, signal]) => failed(`it ended with ${signal ?? code}`)),
    expired(),
  ]);
  if (state.state === 'ready') return;
  child.kill('SIGKILL');
  throw openFailure(`${state.message} ${words()}`);
}

function failed(message: string): ChdbState {
  return { state: 'failed', message };
}

async function expired(): Promise<ChdbState> {
  await new Promise((resolve) => setTimeout(resolve, startMsMax).unref());
  return failed(`it did not answer within ${startMsMax} ms`);
}
