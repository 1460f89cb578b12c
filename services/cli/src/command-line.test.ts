// The command line as a user meets it: help, mistakes, and what each says.
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { runCommandLine } from './command-line.ts';
import { verbs } from './verbs.ts';

const all = await Promise.all(
  Object.entries(verbs).map(async ([name, load]) => [name, await load()] as const),
);

async function run(...words: readonly string[]) {
  let out = '';
  let err = '';
  const exit = await runCommandLine(words, {
    stdin: Readable.from([]),
    out: async (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    signal: new AbortController().signal,
    dataDefault: '/nowhere',
    actor: 'tester',
    nowMs: () => 0,
  });
  return { exit, out, err };
}

test('without a verb it prints what there is and exits as a usage error', async () => {
  const { exit, out } = await run();
  expect(exit).toBe(64);
  for (const [, verb] of all) expect(out).toContain(verb.summary);
});

test('an unknown verb names the nearest one and the remedy', async () => {
  const { exit, err } = await run('polcy');
  expect(exit).toBe(64);
  expect(err).toContain('did you mean policy?');
  expect(err).toContain('USAGE');
});

test('an unknown option is refused', async () => {
  const { exit, err } = await run('schema', '--frobnicate');
  expect(exit).toBe(64);
  expect(err).toContain('frobnicate');
});

test('an error is one JSON object where JSON was asked for', async () => {
  const { err } = await run('schema', 'no-such-kind', '--json');
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'USAGE' } });
});

test.each(all)('%s --help has examples and exit codes', async (name, verb) => {
  const { exit, out } = await run(name, '--help');
  expect({ exit, name }).toEqual({ exit: 0, name: verb.name });
  expect(out).toContain(verb.examples[0]);
  expect(Object.keys(verb.exits)).toContain('0');
});

test('every kind of event has a schema to print', async () => {
  const { out } = await run('schema', 'process.exec');
  expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false });
});
