import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecordingSink, sandboxFor } from './kernel/rig.ts';
import { createStraceCollector } from './strace.ts';

const nobody = 65_534;
const workspace = mkdtempSync(join(tmpdir(), 'sandtrail-strace-test-'));
const counters = createCounters();
const sink = new RecordingSink();
const collector = createStraceCollector({ clock: systemClock, counters, launchers: 1 });
const sandbox = sandboxFor({ workspace });
const outputs: string[] = [];

const script = `
  cd ${workspace} && echo hi > 'a
b "\\x' && ln -s /etc/passwd link && cat link >/dev/null && mv a* c && rm c
  /bin/sh -c 'kill -9 $$'
  unshare --user true
  /usr/bin/perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0);
    connect(S, pack_sockaddr_in(9, inet_aton("127.0.0.1")));
    socket(U, AF_UNIX, SOCK_STREAM, 0); connect(U, pack_sockaddr_un("/run/docker.sock"));
    socket(R, AF_INET, SOCK_RAW, 1);'
  /usr/bin/python3 -c 'import os; m = os.memfd_create("c", 0)
os.write(m, open("/usr/bin/true", "rb").read())
if os.fork() == 0: os.execve(m, ["from-memory"], {})
os.wait()'
  exit 7
`;

beforeAll(async () => {
  mkdirSync(workspace, { recursive: true });
  chownSync(workspace, nobody, nobody);
  await collector.start(sink);
  const prefix = collector.commandPrefix(sandbox.uid);
  const output = prefix[prefix.indexOf('-o') + 1] ?? '';
  outputs.push(output);
  for (const path of [output, dirname(output)]) chownSync(path, nobody, nobody);
  const bubblewrap = ['bwrap', '--ro-bind', '/', '/', '--bind', workspace, workspace];
  const isolation = ['--proc', '/proc', '--dev', '/dev', '--unshare-pid', '--unshare-net'];
  const child = spawn(
    'setpriv',
    [
      ...['--reuid=65534', '--regid=65534', '--clear-groups'],
      ...[...prefix, ...bubblewrap, ...isolation, '/bin/sh', '-c', script],
    ],
    { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } },
  );
  await collector.watch(sandbox);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(7);
  await collector.unwatch(sandbox);
});

afterAll(async () => {
  await collector.stop();
  rmSync(workspace, { recursive: true, force: true });
});

test('the setup by bubblewrap is left out: the first event is the execution of the command', () => {
  const [first] = sink.observations;
  expect(first).toMatchObject({
    kind: 'process.exec',
    argv: ['/bin/sh', '-c', script.slice(0, 256)],
  });
  expect(sink.of('syscall').filter(({ name }) => name === 'mount')).toEqual([]);
});

test('programs of children that a vfork made are seen, also before the fork returned', () => {
  const programs = sink.of('process.exec').map(({ argv }) => argv[0]);
  for (const name of ['ln', 'cat', 'mv', 'rm', '/bin/sh', 'unshare', '/usr/bin/perl']) {
    expect(programs).toContain(name);
  }
});

test('a program that runs from a memfd by its descriptor is named as such', () => {
  const [run] = sink.of('process.exec').filter(({ argv }) => argv[0] === 'from-memory');
  expect(run).toMatchObject({ exe: { raw: '/memfd:c (deleted)' }, origin: 'memory' });
});

test('an open is seen with its hostile name and where the kernel really went', () => {
  const name = 'a\nb "\\x';
  const made = sink.find('file.open', ({ path }) => path.raw === name);
  expect(made).toMatchObject({
    access: 'write',
    create: true,
    path: { raw: name, resolved: `${workspace}/${name}` },
  });
  const link = sink.find('file.open', ({ path }) => path.raw === 'link');
  expect(link.path.resolved).toBe('/etc/passwd');
  expect(sink.find('file.link', () => true)).toMatchObject({
    path: { raw: 'link', resolved: `${workspace}/link` },
    target: { raw: '/etc/passwd' },
    type: 'symbolic',
  });
});

test('renames and deletions carry both paths', () => {
  const { path, target } = sink.find('file.rename', () => true);
  expect([path.resolved, target.resolved]).toEqual([`${workspace}/a\nb "\\x`, `${workspace}/c`]);
  expect(sink.find('file.delete', () => true).path.resolved).toBe(`${workspace}/c`);
});

test('connections, raw sockets and namespaces are seen with their result', () => {
  expect(sink.find('network.connect', ({ family }) => family === 'inet')).toMatchObject({
    address: '127.0.0.1',
    port: 9,
  });
  const docker = sink.find('network.connect', ({ family }) => family === 'unix');
  expect(docker.address).toBe('/run/docker.sock');
  expect(sink.find('syscall', ({ name }) => name === 'socket').result).toBe('-1');
  expect(sink.find('syscall', ({ name }) => name === 'unshare').args).toEqual([
    { name: 'flags', value: `${0x1000_0000}` },
  ]);
});

test('exits carry the code or the signal, of processes named by pid and start', () => {
  expect(sink.of('process.exit').some(({ signal }) => signal === 9)).toBe(true);
  const ended = sink.of('process.exit').find(({ code }) => code === 7);
  expect(ended).toMatchObject({ process: { uid: nobody } });
  for (const one of sink.observations) expect(one.process?.startNs).toMatch(/^[1-9]\d*$/);
  expect(counters.snapshot()).toEqual({});
});

test('nothing is left behind in the temporary directory', () => {
  expect(outputs).toHaveLength(1);
  for (const output of outputs) expect(existsSync(dirname(output))).toBe(false);
});
