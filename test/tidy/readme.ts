// The README against the project: its paths, commands, error codes and metrics exist, and the reverse.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorCatalogue } from '@sandtrail/schemas/errors';
import { isTest, root, type SourceFile } from './source.ts';

interface Project {
  readonly files: readonly string[];
  readonly sources: readonly SourceFile[];
}

/** Names each thing that the README says and is not so, and each that it does not say. */
export function checkReadme({ files, sources }: Project): readonly string[] {
  const text = readFileSync(path.join(root, 'README.md'), 'utf8');
  return [
    ...missingPaths(text, files),
    ...missingScripts(text),
    ...errorCodes(text, sources),
    ...metrics(text, sources),
  ];
}

function missingPaths(text: string, files: readonly string[]): readonly string[] {
  const tops = 'services|agents|schemas|dashboards|deploy|test';
  const named = text.matchAll(new RegExp(`\`((?:${tops})/[A-Za-z0-9_./-]+)\``, 'g'));
  return [...named]
    .map((match) => (match[1] ?? '').replace(/\/$/, ''))
    .filter((name) => !existsSync(path.join(root, name)) && !files.includes(name))
    .map((name) => `README.md: there is no ${name}`);
}

function missingScripts(text: string): readonly string[] {
  const manifest: { scripts?: Record<string, string> } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  return [...text.matchAll(/npm run ([a-z:-]+)/g)]
    .map((match) => match[1] ?? '')
    .filter((script) => manifest.scripts?.[script] === undefined)
    .map((script) => `README.md: there is no script ${script}`);
}

function errorCodes(text: string, sources: readonly SourceFile[]): readonly string[] {
  const code = sources.filter(
    (file) => !isTest(file.path) && !file.path.startsWith('schemas/src/errors'),
  );
  return Object.keys(errorCatalogue).flatMap((name) => {
    const faults: string[] = [];
    if (!text.includes(`\`${name}\``)) faults.push(`README.md: does not name the error ${name}`);
    const used = code.some((file) => file.text.includes(`'${name}'`));
    if (!used) faults.push(`schemas/src/errors.ts: nothing uses ${name}`);
    return faults;
  });
}

/** Names are the first argument of `counters.add('…')` and of `counters.time('…')`. */
function metrics(text: string, sources: readonly SourceFile[]): readonly string[] {
  const counted = new Set<string>();
  for (const file of sources.filter((each) => !isTest(each.path))) {
    for (const match of file.text.matchAll(/counters\.(?:add|time)\(\s*'([a-z_.]+)'/g))
      counted.add(match[1] ?? '');
  }
  const named = new Set(
    [...text.slice(text.indexOf('## Metrics')).matchAll(/^\| `([a-z_]+\.[a-z_.]+)` \|/gm)].map(
      (match) => match[1],
    ),
  );
  return [
    ...[...counted]
      .filter((name) => !named.has(name))
      .map((name) => `README.md: does not name the metric ${name}`),
    ...[...named]
      .filter((name) => name !== undefined && !counted.has(name))
      .map((name) => `README.md: nothing counts ${name}`),
  ];
}
