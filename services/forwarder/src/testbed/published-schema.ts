// The published OCSF 1.8 schema as a judge: a Python program over the package that carries it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cached } from './cache.ts';

const packages = ['ocsf-json-schema==1.2.0', 'jsonschema==4.26.0'];
/** The system's own: what pip fetches has to fit the one that runs it. */
const python = '/usr/bin/python3';
const program = new URL('../ocsf/check-ocsf.py', import.meta.url).pathname;

/** Names each fault of these OCSF events, one JSON object a line. */
export async function faultsOf(
  lines: string,
  cacheHome: string | undefined,
): Promise<readonly string[]> {
  const folder = await cached({
    name: 'ocsf-json-schema-1.2.0',
    cacheHome,
    fill: (target) => [
      ...([python, '-m', 'pip', 'install', '--quiet', '--target', target] as const),
      ...['--root-user-action=ignore', ...packages],
    ],
  });
  const child = spawn(python, [program], { env: { PYTHONPATH: folder } });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  child.stdin.end(lines);
  await once(child, 'close');
  const count = lines.trimEnd().split('\n').length;
  if (child.exitCode !== 0 || !said.err.includes(`${count} checked`)) throw new Error(said.err);
  return said.out.split('\n').filter((line) => line !== '');
}
