// `sandtrail up`: prepares the machine, starts the product, stays until it is told to stop.
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { systemClock } from '@sandtrail/runtime/clock';
import { createLogger } from '@sandtrail/runtime/log';
import { type Configuration, loadConfiguration } from './configuration.ts';
import { type Layout, layoutOf } from './layout.ts';
import { install, installCommand, missing } from './machine.ts';
import { type Product, startProduct } from './supervisor.ts';

/** How `up` meets its user. */
export interface UpOptions {
  readonly data: string;
  readonly tour: boolean;
  readonly yes: boolean;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly err: (text: string) => void;
  /** Settings over those of `config.yaml`. */
  readonly given: Given;
  /** Gives up the start. */
  readonly signal: AbortSignal;
}

/** Settings from the command line, by their names. */
export type Given = Readonly<Record<string, unknown>>;

/** The effective configuration of a data directory. @throws SandtrailError `CONFIG_INVALID` */
export function effectiveConfiguration(layout: Layout, given: Given = {}): Configuration {
  return loadConfiguration({
    file: path.join(layout.root, 'config.yaml'),
    hostname: hostname(),
    headFile: layout.headFile,
    cgroupParent: cgroupParentOf(layout),
    given,
  });
}

/** A name of this data directory's own: a start reaps what it finds below it without a runner. */
function cgroupParentOf({ root }: Layout): string {
  return `sandtrail-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;
}

/**
 * Installs what is missing (where it may), then starts everything.
 * @throws SandtrailError as `startProduct`
 */
export async function startUp(options: UpOptions): Promise<Product> {
  const { data, tour, err } = options;
  const layout = layoutOf(data);
  const configuration = effectiveConfiguration(layout, options.given);
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await prepareMachine(options, { root: user.uid === 0, tour });
  // On a tour the terminal belongs to what is shown; the log is kept beside the data directory.
  const logFd = tour ? openSync(`${layout.root}.log`, 'a', 0o600) : undefined;
  const log = createLogger({
    clock: systemClock,
    level: configuration.logLevel,
    part: 'up',
    write: (line) => (logFd === undefined ? err(line) : writeSync(logFd, line)),
  });
  if (logFd !== undefined) err(`sandtrail: starting; the log goes to ${layout.root}.log\n`);
  return startProduct({ layout, configuration, user, log, logFd, signal: options.signal });
}

/** On a terminal a person is asked first, unless `--yes`; without one it goes on by itself. */
async function prepareMachine(options: UpOptions, wanted: { root: boolean; tour: boolean }) {
  const { err, stdin, yes } = options;
  const lacking = missing(wanted);
  if (lacking.length === 0) return;
  err('sandtrail: this machine lacks\n');
  for (const each of lacking) err(`  ${each.command.padEnd(10)} ${each.purpose}\n`);
  const command = installCommand(lacking);
  const mayInstall =
    wanted.root && (yes || stdin.isTTY !== true || (await asked(options, command)));
  if (mayInstall && install(lacking)) {
    err('sandtrail: installed.\n');
    return;
  }
  err(`sandtrail: going on with what works; to have all of it, run as root:\n  ${command}\n`);
}

async function asked({ stdin, err }: UpOptions, command: string): Promise<boolean> {
  err(`sandtrail: install it now with\n  ${command}\n`);
  const lines = createInterface({ input: stdin, output: process.stderr });
  try {
    const answer = await lines.question('[Y/n] ');
    return !/^n/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
