// Runs one scenario in a sandbox of its own, to its end or to the end that containment makes of it.
import { EventEmitter } from 'node:events';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { sandboxOwner } from '@sandtrail/host/sandbox/workspace';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { callAdmin } from '../admin-client.ts';
import { newSandboxUid, runWatched } from '../run-watched.ts';
import { githubTokenTail } from './bait.ts';
import { tourPolicy } from './policy.ts';
import type { Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

/** What became of a scenario. `killed` is the answer to the kill of a sandbox that was frozen. */
export interface Performed {
  readonly uid: SandboxUid;
  readonly exitCode: number;
  readonly output: string;
  readonly killed: unknown;
}

const outputCharsMax = 65_536;
const isolation = 'bubblewrap';

/** Runs it; a sandbox that was frozen is killed by a person's request, which is the tour's. */
export async function perform(
  stage: Stage,
  scenario: Scenario,
  uid: SandboxUid = newSandboxUid(stage.surroundings.random),
): Promise<Performed> {
  const { surroundings, port, signal, feed } = stage;
  const values: Readonly<Record<string, string>> = {
    port: `${port}`,
    githubToken: githubTokenTail(surroundings.random),
  };
  const script = scenario.script.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? '');
  const { io, text } = listen();
  const signals = new EventEmitter();
  const interrupt = () => signals.emit('SIGTERM');
  signal.addEventListener('abort', interrupt, { once: true });
  const ended = new AbortController();
  const killed = killWhenFrozen(stage, { uid, ended: ended.signal });
  const exitCode = await runWatched(surroundings, {
    uid,
    name: scenario.name,
    policy: tourPolicy({ port, isolation }),
    command: ['sh', '-c', script],
    io,
    signals,
    environment: { LANG: 'C.UTF-8' },
    allowWeaker: false,
    workspace: placeFiles(stage, uid, scenario.files),
  })
    .then((summary) => summary.exitCode)
    .catch((error: unknown) => {
      if (!(error instanceof SandtrailError)) throw error;
      io.stderr.write(`${error.message}\n`);
      return error.exit;
    })
    .finally(() => {
      ended.abort();
      signal.removeEventListener('abort', interrupt);
    });
  // Its end must have been recorded before anybody says what was not found.
  await feed.find(
    ({ sandbox, body }) => sandbox === uid && body.kind === 'sandbox.destroyed',
    3_000,
  );
  return { uid, exitCode, output: text(), killed: await killed };
}

/** Standard streams that nobody sits at. */
function listen() {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  io.stdin.end();
  let output = '';
  for (const stream of [io.stdout, io.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      if (output.length < outputCharsMax) output += chunk.toString('utf8');
    });
  }
  return { io, text: () => output };
}

interface Watch {
  readonly uid: SandboxUid;
  readonly ended: AbortSignal;
}

async function killWhenFrozen(stage: Stage, { uid, ended }: Watch): Promise<unknown> {
  const { feed, surroundings } = stage;
  const isFrozen = feed.find(
    ({ sandbox, body }) =>
      sandbox === uid && body.kind === 'containment.verified' && body.result.level === 'L2',
    60_000,
  );
  const over = new Promise<undefined>((resolve) => {
    ended.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const frozen = await Promise.race([isFrozen, over]);
  if (frozen === undefined) return undefined;
  return callAdmin({
    socket: surroundings.layout.adminSocket,
    method: 'POST',
    path: '/v1/containments/quarantine',
    input: { sandbox: uid, level: 'L5', reason: 'the tour: it earned it', actor: 'tour' },
  });
}

function placeFiles({ surroundings }: Stage, uid: string, files: Scenario['files']): string {
  const workspace = path.join(surroundings.layout.workspaces, uid);
  const root = process.getuid?.() === 0;
  const give = (name: string) => {
    if (root) chownSync(name, sandboxOwner.uid, sandboxOwner.gid);
  };
  mkdirSync(workspace, { recursive: true, mode: 0o755 });
  give(workspace);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(workspace, name);
    writeFileSync(file, content);
    give(file);
  }
  return workspace;
}
