// The real command `sandtrail`, run as a user would: words in, exit code and text out.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
/** The file that `npx sandtrail` runs. */
export const entry = path.join(root, 'services/cli/src/sandtrail.js');
const textCharsMax = 32 * 1024 * 1024;

/** How a command is started. */
export interface CommandOptions {
  readonly stdin?: string;
  readonly actor?: string;
  /** Whom it runs as: root gives up everything else that it is. */
  readonly uid?: number;
  /** It is ended (SIGKILL) after so long: a test that hangs says nothing. */
  readonly timeoutMs?: number;
}

/** What a command was. */
export interface CommandResult {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** What it said so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CommandResult>;
}

/** Starts `sandtrail` with these words; it dies with the test, whatever happens to that. */
export function startCommand(
  words: readonly string[],
  { stdin, actor = 'tester', uid, timeoutMs = 60_000 }: CommandOptions = {},
): RunningCommand {
  const user =
    uid === undefined ? [] : ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'];
  const before = [...user, '--pdeathsig', 'TERM', '--'];
  const child = spawn('setpriv', [...before, process.execPath, entry, ...words], {
    stdio: 'pipe',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', USER: actor },
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] = (texts[name] + text).slice(-textCharsMax);
    });
  }
  // A command that ends before it has read everything is no failure of the test.
  child.stdin.on('error', () => child.stdin.destroy());
  if (stdin !== undefined) child.stdin.end(stdin);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const ended = once(child, 'close').then((): CommandResult => {
    clearTimeout(timer);
    return { exit: child.exitCode, signal: child.signalCode, ...texts };
  });
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended };
}

/** Runs `sandtrail` with these words to its end. */
export function runCommand(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(words, { stdin: '', ...options }).ended;
}
