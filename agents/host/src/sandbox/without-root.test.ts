import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { listProcesses } from '../driver/task.ts';
import { RunRig } from './run-rig.ts';

let rig: RunRig;
const nobody = 65_534;

beforeEach(() => {
  rig = new RunRig();
  chownSync(rig.directory, nobody, nobody);
});

afterEach(async () => {
  await rig.close();
});

/** A runner of an ordinary user, behind strace. */
function startAsNobody(uid: string, command: readonly string[]) {
  const program = new URL('./runner-child.ts', import.meta.url).pathname;
  const become = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  const words = [...become, process.execPath, program, rig.directory, rig.parent, '', uid];
  return spawn('setpriv', [...words, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('an ordinary user gets a sandbox without network, traced, and is told what is missing', async () => {
  const script =
    'id -u; ls /root /home 2>/dev/null; cat 2>/dev/null < /dev/tcp/127.0.0.1/1; exit 5';
  const child = startAsNobody('run-nobody-1', ['sh', '-c', script]);
  const out = await text(child.stdout);
  expect(out).toBe('1000\n');
  const told = JSON.parse(readFileSync(join(rig.directory, 'run-nobody-1.json'), 'utf8'));
  expect(told).toMatchObject({ exitCode: 5, reason: 'exited' });
  const fields = told.unenforced.map(({ field }: { field: string }) => field);
  expect(fields).toContain('resources.memory_limit');
  expect(fields).toContain('on_recorder_loss');
  const kinds = new Set(told.seen.map(({ kind }: { kind: string }) => kind));
  expect(kinds).toContain('process.exec');
});

test('proxy and resolver are the only ways out of an ordinary user’s sandbox too', async () => {
  const server = createServer((_request, response) => response.end('from the server'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const network = {
    ...{ mode: 'restricted', egress_allowlist: [`allowed.test:${port}`] },
    private_allow: [{ name: 'allowed.test', address: '127.0.0.1' }],
  };
  writeFileSync(join(rig.directory, 'run-nobody-3.policy.json'), JSON.stringify({ network }));
  const script = `
    curl -s http://allowed.test:${port}/path; echo
    curl -s -o /dev/null -w '%{http_code}\\n' http://denied.test/
    curl -s --noproxy '*' --max-time 2 http://127.0.0.1:${port}/ || echo unreachable
    getent hosts denied.test || echo unresolved
    unshare -Un true 2>/dev/null && echo NESTED; ip link add x type dummy 2>/dev/null && echo LINK`;
  const child = startAsNobody('run-nobody-3', ['sh', '-c', script]);
  expect(await text(child.stdout)).toBe('from the server\n403\nunreachable\nunresolved\n');
  server.close();
  const told = JSON.parse(readFileSync(join(rig.directory, 'run-nobody-3.json'), 'utf8'));
  const seen = told.seen.map(({ kind, host }: { kind: string; host?: string }) => ({ kind, host }));
  expect(seen).toContainEqual({ kind: 'network.http', host: 'allowed.test' });
  expect(seen).toContainEqual({ kind: 'network.denied', host: 'denied.test' });
});

test('kill -9 of an ordinary user’s runner kills its sandbox', async () => {
  const child = startAsNobody('run-nobody-2', ['sh', '-c', 'echo up; exec sleep 299.125']);
  await once(child.stdout, 'data');
  const tasks = () => tasksOf('sleep\u0000299.125');
  expect(tasks()).toHaveLength(1);
  child.kill('SIGKILL');
  for (let look = 0; tasks().length > 0 && look < 200; look += 1) await delay(10);
  expect(tasks()).toEqual([]);
});

function tasksOf(commandLine: string): readonly number[] {
  return listProcesses().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(commandLine);
    } catch {
      return false;
    }
  });
}
