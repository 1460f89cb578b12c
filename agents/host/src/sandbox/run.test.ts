import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSandbox } from './run.ts';
import type { RunOptions } from './run-options.ts';
import { RunRig, testPolicy } from './run-rig.ts';

let rig: RunRig;

beforeEach(() => {
  rig = new RunRig();
});

afterEach(async () => {
  await rig.close();
});

async function run(command: readonly string[], overrides: Partial<RunOptions> = {}) {
  const { options, io, recorder } = rig.run(command, overrides);
  const summary = await runSandbox(options);
  io.stdout.end();
  io.stderr.end();
  return { summary, recorder, out: await text(io.stdout), err: await text(io.stderr) };
}

const shell = (script: string) => ['sh', '-c', script];

test('a command runs, its bytes come through unchanged, its exit code too', async () => {
  const { summary, out, err, recorder } = await run(shell('printf a; printf b >&2; exit 7'));
  expect({ out, err }).toEqual({ out: 'a', err: 'b' });
  expect(summary).toMatchObject({ exitCode: 7, reason: 'exited', level: 'L0' });
  expect(recorder.seen.map((one) => one.kind)).toEqual([
    'sandbox.created',
    'sandbox.unenforced',
    'sandbox.started',
    'command',
    'command.output',
    'command.output',
    'command',
    'sandbox.destroyed',
  ]);
  const streams = recorder.of('sandbox.destroyed')[0]?.streams.map(({ stream }) => stream);
  expect(streams).toEqual([expect.stringMatching(/^command:/)]);
});

test('standard input reaches the command, as a pipe that can be opened again', async () => {
  const { options, io } = rig.run(shell('cat; echo done > /dev/stdout'));
  io.stdin.end('from the user\n');
  await runSandbox(options);
  io.stdout.end();
  expect(await text(io.stdout)).toBe('from the user\ndone\n');
});

test('the sandbox is nobody on the host and sees next to nothing of it', async () => {
  const script = `
    id -u
    ls -d /root /home /var/run /etc/shadow /work 2>/dev/null
    cp /proc/sys/kernel/core_pattern /tmp/c; cat /tmp/c > /proc/sys/kernel/core_pattern && echo HOST
    touch /usr/x /etc/x /x 2>/dev/null && echo WRITTEN
    unshare -U true 2>/dev/null && echo NESTED
    mount -t tmpfs t /tmp 2>/dev/null && echo MOUNTED
    grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status; env | sort`;
  const { options, io } = rig.run(shell(`touch mine; ${script}`));
  await runSandbox(options);
  io.stdout.end();
  const out = await text(io.stdout);
  expect(out).not.toMatch(/HOST|WRITTEN|NESTED|MOUNTED/);
  expect(statSync(join(options.workspaceRoot, 'mine')).uid).toBe(65_521);
  const lines = out.split('\n').map((line) => line.replace(/\s+/g, ' '));
  expect(lines).toEqual([
    '1000',
    '/work',
    'CapEff: 0000000000000000',
    'CapBnd: 0000000000000000',
    'NoNewPrivs: 1',
    'HOME=/work',
    'LANG=C.UTF-8',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'PWD=/work',
    'USER=agent',
    '',
  ]);
});

test('who needs more memory than the policy gives is killed, and the record says why', async () => {
  const resources = { cpu_limit: '1', memory_limit: '64Mi', timeout_seconds: 60 };
  const hog = ['python3', '-c', 'print(len(bytearray(200 * 1024 * 1024)))'];
  const { summary, out, recorder } = await run(hog, { policy: testPolicy({ resources }) });
  expect({ out, exitCode: summary.exitCode }).toEqual({ out: '', exitCode: 137 });
  expect(recorder.of('sandbox.destroyed')).toMatchObject([{ oomKills: 1 }]);
});

test('a busy sandbox gets the share of a processor that the policy gives', async () => {
  const resources = { cpu_limit: '250m', memory_limit: '64Mi', timeout_seconds: 60 };
  const busy = ['python3', '-c', 'import time\nwhile time.process_time() < 0.5: pass'];
  const startedMs = performance.now();
  await run(busy, { policy: testPolicy({ resources }) });
  // Half a second of work at a quarter of a processor.
  expect(performance.now() - startedMs).toBeGreaterThan(1500);
});

test('no more tasks start than the policy allows', async () => {
  const script = 'i=0; while [ $i -lt 200 ]; do sleep 300 & i=$((i+1)); done; echo NEVER';
  const { err, out } = await run(shell(script));
  expect(err).toMatch(/fork/i);
  expect(out).not.toContain('NEVER');
});

test('the timeout of the policy freezes, then kills', async () => {
  const resources = { cpu_limit: '1', memory_limit: '64Mi', timeout_seconds: 1 };
  const policy = testPolicy({ resources });
  const { summary, recorder } = await run(shell('while :; do :; done'), { policy });
  expect(summary).toMatchObject({ reason: 'timeout', exitCode: 137 });
  expect(summary.durationMs).toBeLessThan(5000);
  expect(recorder.of('sandbox.paused')).toMatchObject([{ reason: 'timeout' }]);
  expect(recorder.of('sandbox.killed')).toMatchObject([{ by: 'runner', reason: 'timeout' }]);
});

test('nothing is left of a sandbox, not even what it put in the background', async () => {
  const { options } = rig.run(shell('sleep 300 & echo $!'));
  await runSandbox(options);
  expect(existsSync(options.runDirectory)).toBe(false);
  const cgroup = join('/sys/fs/cgroup/unified', rig.parent, options.uid);
  expect(existsSync(cgroup)).toBe(false);
});

test('a workspace file is recorded, and lies on the host afterwards', async () => {
  const { options, recorder } = rig.run(shell('echo hello > note; sleep 0.2'));
  await runSandbox(options);
  expect(recorder.of('file.write')).toMatchObject([
    { path: { raw: '/work/note' }, text: 'hello\n' },
  ]);
  expect(readFileSync(join(options.workspaceRoot, 'note'), 'utf8')).toBe('hello\n');
});

test('a read-only workspace cannot be written', async () => {
  const policy = testPolicy({ filesystem: { workspace: '/work', mode: 'read_only' } });
  const { out } = await run(shell('touch /work/x 2>/dev/null || echo refused'), { policy });
  expect(out).toBe('refused\n');
});

test('a workspace of root is refused where the sandbox would write, and read where it would not', async () => {
  const workspaceRoot = join(rig.directory, 'of-root');
  mkdirSync(workspaceRoot);
  writeFileSync(join(workspaceRoot, 'file'), 'content');
  const refused = run(['true'], { workspaceRoot });
  await expect(refused).rejects.toMatchObject({ code: 'SANDBOX_WORKSPACE' });
  const policy = testPolicy({ filesystem: { workspace: '/work', mode: 'read_only' } });
  const { out } = await run(['cat', 'file'], { workspaceRoot, policy });
  expect(out).toBe('content');
});

test('declared mounts and the event socket are there, and nothing else', async () => {
  const mount = join(rig.directory, 'mount');
  const sockets = join(rig.directory, 'sockets');
  for (const path of [mount, sockets]) mkdirSync(path);
  writeFileSync(join(mount, 'tool'), 'a tool');
  const server = createNetServer((socket) => socket.end('the gateway\n'));
  const eventSocket = join(sockets, 'events.sock');
  await new Promise<void>((resolve) => server.listen(eventSocket, resolve));
  chmodSync(eventSocket, 0o666);
  const filesystem = { workspace: '/work', host_mounts: [`${mount}:ro`] };
  const script = `cat ${mount}/tool; echo x > ${mount}/tool || echo; python3 -c "
import os, socket
s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SANDTRAIL_SOCKET']); print(s.recv(99).decode())"`;
  const { out } = await run(shell(script), { policy: testPolicy({ filesystem }), eventSocket });
  server.close();
  expect(out).toBe('a tool\nthe gateway\n\n');
});

test('an isolation stronger than bubblewrap is refused, unless weaker is allowed and said', async () => {
  const policy = testPolicy({ isolation: 'gvisor' });
  await expect(run(['true'], { policy })).rejects.toMatchObject({ code: 'SANDBOX_WEAKER' });
  const { recorder } = await run(['true'], { policy, allowWeaker: true });
  expect(recorder.of('sandbox.unenforced')[0]).toMatchObject({ field: 'isolation' });
  expect(recorder.of('sandbox.created')[0]).toMatchObject({ isolation: 'bubblewrap' });
});

test('a command that is not there fails as a shell says it, with nothing left behind', async () => {
  const { summary, err } = await run(['/no/such/program']);
  expect(summary.exitCode).toBe(1);
  expect(err).toContain('/no/such/program');
});

test('a mount that is not there is an error with its name', async () => {
  const filesystem = { workspace: '/work', host_mounts: ['/no/such/directory'] };
  const failed = run(['true'], { policy: testPolicy({ filesystem }) });
  await expect(failed).rejects.toMatchObject({
    code: 'SANDBOX_START',
    detail: expect.stringContaining('/no/such/directory'),
  });
});

test('proxy and resolver are the only ways out, and what they see is recorded', async () => {
  const server = createServer((_request, response) => response.end('from the server'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const network = {
    mode: 'restricted' as const,
    egress_allowlist: [`allowed.test:${port}`],
    private_allow: [{ name: 'allowed.test', address: '127.0.0.1' }],
  };
  const script = `
    curl -s http://allowed.test:${port}/path; echo
    curl -s -o /dev/null -w '%{http_code}\\n' http://denied.test/
    curl -s --noproxy '*' --max-time 2 http://127.0.0.1:${port}/ || echo unreachable
    getent hosts denied.test || echo unresolved`;
  const { out, recorder } = await run(shell(script), { policy: testPolicy({ network }) });
  server.close();
  expect(out).toBe('from the server\n403\nunreachable\nunresolved\n');
  expect(recorder.of('network.http')).toMatchObject([{ host: 'allowed.test', path: '/path' }]);
  expect(recorder.of('network.denied')).toMatchObject([{ host: 'denied.test' }]);
  expect(recorder.of('network.dns').map((one) => one.name)).toContain('denied.test');
});

test('a user at a terminal gets a terminal inside, with its size, and it is recorded', async () => {
  const { options, recorder } = rig.run(shell('stty size; read line; echo "got $line"'));
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => raw.push(mode),
  });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 97, rows: 31 });
  const ended = runSandbox({ ...options, io: { ...options.io, stdin, stdout } });
  stdin.write('hello\r');
  expect(await ended).toMatchObject({ exitCode: 0 });
  stdout.end();
  const screen = await text(stdout);
  expect(screen).toContain('31 97');
  expect(screen).toContain('got hello');
  expect(raw).toEqual([true, false]);
  expect(recorder.of('command.output')[0]).toMatchObject({ channel: 'terminal' });
});

test('Ctrl-C at the terminal interrupts the command and not the runner', async () => {
  const { options } = rig.run(
    shell('trap "echo caught; exit 3" INT; echo up; while :; do sleep 0.1; done'),
  );
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = Object.assign(new PassThrough(), { isTTY: true });
  stdout.once('data', () => stdin.write('\u0003'));
  expect(await runSandbox({ ...options, io: { ...options.io, stdin, stdout } })).toMatchObject({
    exitCode: 3,
  });
});

test('a signal goes to the command; a second interrupt kills what does not heed the first', async () => {
  const signals = new EventEmitter();
  const { options, io } = rig.run(shell('trap "" INT; echo up; while :; do sleep 0.1; done'), {
    signals,
  });
  io.stdout.once('data', () => {
    signals.emit('SIGINT');
    setTimeout(() => signals.emit('SIGINT'), 200);
  });
  expect(await runSandbox(options)).toMatchObject({ exitCode: 137, reason: 'signalled' });
});

test('a termination that the command heeds gives its own exit code', async () => {
  const signals = new EventEmitter();
  const { options, io } = rig.run(
    shell('trap "exit 9" TERM; echo up; while :; do sleep 0.1; done'),
    {
      signals,
    },
  );
  io.stdout.once('data', () => signals.emit('SIGTERM'));
  expect(await runSandbox(options)).toMatchObject({ exitCode: 9, reason: 'exited' });
  expect(signals.listenerCount('SIGTERM')).toBe(0);
});

test('a reader that goes away ends the writer, not the runner', async () => {
  const { options, io } = rig.run(shell('yes'));
  io.stdout.once('data', () => io.stdout.destroy());
  const { reason, exitCode } = await runSandbox(options);
  expect({ reason, exitCode }).toEqual({ reason: 'exited', exitCode: 141 });
});
