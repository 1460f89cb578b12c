// From words to a verb's run: finding the verb, parsing its options, printing help and errors.
import { parseArgs } from 'node:util';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { parserOptions, type Verb, type VerbContext, verbHelp } from './verb.ts';
import { verbs } from './verbs.ts';

type Surroundings = Pick<VerbContext, 'stdin' | 'out' | 'err' | 'signal' | 'actor' | 'nowMs'> & {
  /** The data directory where `--data` is not given. */
  readonly dataDefault: string;
};

/**
 * Runs one command line and resolves to its exit code. Expected failures are printed as code,
 * message and remedy; anything else is a fault of ours and is thrown.
 */
export async function runCommandLine(words: readonly string[], around: Surroundings) {
  const [name] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    await around.out(await overview(around.dataDefault));
    return name === undefined ? 64 : 0;
  }
  try {
    const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (load === undefined) throw unknownVerb(name);
    return await runVerb(await load(), words.slice(1), around);
  } catch (error) {
    if (!(error instanceof SandtrailError)) throw error;
    return printError(error, words.includes('--json'), around);
  }
}

async function runVerb(verb: Verb, words: readonly string[], around: Surroundings) {
  const split = words.indexOf('--');
  const own = split === -1 ? words : words.slice(0, split);
  const rest = split === -1 ? [] : words.slice(split + 1);
  const { values, positionals } = parse(verb, own);
  if (values['help'] === true) {
    await around.out(verbHelp(verb));
    return 0;
  }
  const options = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  const flags = new Set<string>();
  for (const [option, value] of Object.entries(values)) {
    if (typeof value === 'string') options.set(option, value);
    else if (value === true) flags.add(option);
    else if (Array.isArray(value)) lists.set(option, value.map(String));
  }
  const data = options.get('data') ?? around.dataDefault;
  return verb.run({ ...around, options, lists, flags, positionals, rest, data });
}

function parse(verb: Verb, words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: parserOptions(verb), allowPositionals: true });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new SandtrailError('USAGE', { detail: `${verb.name}: ${detail}`, cause: error });
  }
}

function unknownVerb(name: string): SandtrailError {
  const near = Object.keys(verbs).find((each) => each.startsWith(name.slice(0, 3)));
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new SandtrailError('USAGE', { detail: `there is no verb ${JSON.stringify(name)}${hint}` });
}

function printError(error: SandtrailError, asJson: boolean, around: Surroundings): number {
  const { code, message, remedy } = error;
  if (asJson) around.err(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  else around.err(`sandtrail: ${message}\n  code:   ${code}\n  remedy: ${remedy}\n`);
  return error.exit;
}

async function overview(dataDefault: string): Promise<string> {
  const all = await Promise.all(Object.values(verbs).map((load) => load()));
  const width = Math.max(...all.map((verb) => verb.name.length));
  return [
    'sandtrail VERB [OPTIONS]',
    '',
    '  The flight recorder and the kill switch of AI-agent sandboxes.',
    '',
    'Verbs',
    ...all.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`),
    '',
    `Data directory: ${dataDefault} (change it with --data DIR or SANDTRAIL_DATA).`,
    'Every verb has --help with examples, --json, and stable exit codes.',
    '',
    'Examples',
    '  sandtrail up                                   start the recorder',
    '  sandtrail run --policy policy.yaml -- python agent.py',
    '  sandtrail tail --kind finding',
    '  sandtrail verify --head heads.json',
    '',
  ].join('\n');
}
