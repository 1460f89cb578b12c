// A real OpenSearch for tests: its jars from Maven Central, one node, no disk kept.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cached } from './cache.ts';

const here = import.meta.dirname;
const startMsMax = 90_000;

/** A node that runs. */
export interface OpenSearch {
  readonly url: string;
  /** A request to its REST API; the answer's JSON. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts a node on a free port; some 10 s on a quiet machine. */
export async function startOpenSearch(cacheHome: string | undefined): Promise<OpenSearch> {
  const jars = await cached({
    name: 'opensearch-2.19.1',
    cacheHome,
    fill: (folder) => [
      ...(['mvn', '-q', '-B', '-f', path.join(here, 'opensearch-pom.xml')] as const),
      ...['dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
    ],
  });
  const home = mkdtempSync(path.join(tmpdir(), 'sandtrail-os-'));
  const program = path.join(here, 'OpenSearchNode.java');
  const options = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const child = spawn('java', [...options, '-cp', `${jars}/*`, program, home], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-65_536);
    });
  }
  const close = async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
    rmSync(home, { recursive: true, force: true });
  };
  const beganMs = performance.now();
  for (;;) {
    const port = /listening (\d+)/.exec(said)?.[1];
    if (port !== undefined) return { ...nodeAt(`http://127.0.0.1:${port}`), close };
    if (child.exitCode !== null || performance.now() - beganMs > startMsMax) {
      await close();
      throw new Error(`OpenSearch did not start: ${said.slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function nodeAt(url: string): Pick<OpenSearch, 'url' | 'ask'> {
  return {
    url,
    async ask(method, at, body) {
      const headers = { 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body), headers };
      const answer = await fetch(new URL(at, url), { method, ...sent });
      return answer.json();
    },
  };
}
