// A verb of the command line: what it is called, what it takes, how it ends, and what it does.
import type { Readable } from 'node:stream';
import type { ParseArgsOptionsConfig } from 'node:util';

/** One option of a verb: as `parseArgs` takes it, with words for `--help`. */
export interface VerbOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help: `FILE`, `N`. */
  readonly value?: string;
  readonly help: string;
}

/** What a verb gets: parsed options, and the process's ends as arguments. */
export interface VerbContext {
  readonly options: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly flags: ReadonlySet<string>;
  readonly positionals: readonly string[];
  /** Everything after a lone `--`. */
  readonly rest: readonly string[];
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Writes to standard output; resolves when the reader has taken it. */
  readonly out: (text: string) => Promise<void>;
  readonly err: (text: string) => void;
  readonly signal: AbortSignal;
  /** The data directory, from `--data`, the environment, or the default for this user. */
  readonly data: string;
  /** Who sits at the terminal, for records of who did what. */
  readonly actor: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
}

/** One verb: one file in `verbs/`, one line in `verbs.ts`. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** Arguments after the name, such as `[FILE | -]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, VerbOption>>;
  readonly examples: readonly string[];
  readonly exits: Readonly<Record<number, string>>;
  /** Does the work; resolves to the exit code. Throws SandtrailError for what the user can mend. */
  run(context: VerbContext): Promise<number>;
}

/** Options that every verb has. */
export const sharedOptions: Readonly<Record<string, VerbOption>> = {
  data: { type: 'string', value: 'DIR', help: 'data directory (default: see `sandtrail --help`)' },
  json: { type: 'boolean', help: 'print JSON for machines' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
};

/** The options of a verb in the form that `parseArgs` takes. */
export function parserOptions(verb: Verb): ParseArgsOptionsConfig {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, option] of Object.entries({ ...verb.options, ...sharedOptions })) {
    options[name] = {
      type: option.type,
      multiple: option.multiple ?? false,
      ...(option.short === undefined ? {} : { short: option.short }),
    };
  }
  return options;
}

/** The text of `sandtrail VERB --help`. */
export function verbHelp(verb: Verb): string {
  const rows = Object.entries({ ...verb.options, ...sharedOptions }).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.value === undefined ? '' : ` ${option.value}`;
    return [`${short}--${name}${value}`, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `sandtrail ${verb.name} ${verb.usage}`.trimEnd(),
    '',
    `  ${verb.summary}`,
    '',
    'Options',
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`),
    '',
    'Exit codes',
    ...Object.entries(verb.exits).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`),
    '',
    'Examples',
    ...verb.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
