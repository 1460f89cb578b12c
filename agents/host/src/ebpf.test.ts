import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEbpfCollector } from './ebpf.ts';
import { makeCgroup, RecordingSink, removeCgroup, sandboxFor, until } from './kernel/rig.ts';
import { findCgroupLayout } from './sandbox/cgroup-layout.ts';

const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
const parentCgroup = join(layout?.unified ?? '', `sandtrail-test-${process.pid}`);
const workspace = mkdtempSync(join(tmpdir(), 'sandtrail-ebpf-test-'));
const counters = createCounters();
const sink = new RecordingSink();
const collector = createEbpfCollector({
  ...{ parentCgroup, counters, clock: systemClock, logger: silentLogger },
});
const cgroup = makeCgroup(parentCgroup, 'first');
const sandbox = sandboxFor({ cgroup, workspace });

/** Runs a command inside a cgroup to its end; returns its process id. */
async function runIn(path: string, ...command: string[]): Promise<number> {
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const child = spawn('/bin/sh', ['-c', script, path, ...command], {
    ...{ cwd: workspace, stdio: ['ignore', 'ignore', 'inherit'] },
  });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid ?? 0;
}

beforeAll(async () => {
  const mode = await collector.start(sink);
  const [attached, of] = mode.detail.match(/\d+/g) ?? [];
  expect(mode.on && attached === of).toBe(true);
  expect(Number(attached)).toBeGreaterThan(150);
  await collector.watch(sandbox);
});

beforeEach(() => {
  sink.observations.length = 0;
  sink.gaps.length = 0;
});

afterAll(async () => {
  await collector.stop();
  for (const name of readdirSync(parentCgroup, { withFileTypes: true })) {
    if (name.isDirectory()) await removeCgroup(join(parentCgroup, name.name));
  }
  await removeCgroup(parentCgroup);
  rmSync(workspace, { recursive: true, force: true });
});

test('a program, its files, links and its end are seen with resolved paths', async () => {
  // It lives until its directory was looked up; on a busy machine the event is read late.
  const script =
    'sleep 0.5; echo hi > a; ln -s /etc/passwd link; cat link; rm link; mv a ../x; exit 5';
  const pid = await runIn(cgroup.path, 'sh', '-c', script);
  await collector.settle();
  const exec = sink.find('process.exec', ({ argv }) => argv[2] === script);
  expect(exec).toMatchObject({ cwd: workspace, origin: 'image', process: { pid, uid: 0 } });
  expect(sink.find('file.open', ({ path }) => path.raw === 'a')).toMatchObject({
    path: { resolved: join(workspace, 'a') },
    access: 'write',
    create: true,
    process: { pid, startNs: exec.process?.startNs },
  });
  // By the time the event is read the symlink may be gone: it is followed all the same.
  const read = sink.find('file.open', ({ path }) => path.raw === 'link');
  expect(read.path.resolved).toBe('/etc/passwd');
  const moved = sink.find('file.rename', ({ path }) => path.raw === 'a');
  expect(moved.target.resolved).toBe(join(tmpdir(), 'x'));
  rmSync(join(tmpdir(), 'x'));
  expect(sink.find('process.exit', ({ process }) => process?.pid === pid).code).toBe(5);
  const made = sink.of('process.fork').map(({ childPid }) => childPid);
  expect(made).toContain(sink.find('process.exec', ({ argv }) => argv[0] === 'cat').process?.pid);
});

test('connections, namespaces, raw sockets and a program from memory are seen', async () => {
  const program = `
import os, socket, ctypes
libc = ctypes.CDLL(None)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 53))
u = socket.socket(socket.AF_UNIX)
try: u.connect('/var/run/docker.sock')
except OSError: pass
socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
libc.unshare(0x04000000)
libc.setresuid(65534, 65534, -1)
fd = os.memfd_create('evil'); os.write(fd, open('/bin/true', 'rb').read())
os.execve(fd, ['x'], {})`;
  await runIn(cgroup.path, 'python3', '-c', program);
  await collector.settle();
  const sent = sink.find('network.connect', ({ family }) => family === 'inet');
  expect(sent).toMatchObject({ address: '127.0.0.1', port: 53 });
  const docker = sink.find('network.connect', ({ address }) => address.includes('docker'));
  expect(docker.errno).toBeGreaterThan(0);
  const calls = sink.of('syscall').map(({ name }) => name);
  expect(calls).toEqual(expect.arrayContaining(['socket', 'unshare', 'memfd_create']));
  expect(sink.of('process.credentials').at(-1)).toMatchObject({ realUid: 65_534 });
  const exec = sink.find('process.exec', ({ argv }) => argv[0] === 'x');
  expect(exec).toMatchObject({ origin: 'memory', process: { exe: '/memfd:evil (deleted)' } });
});

test('a path that another thread changes during the call is reported as both', async () => {
  const program = `
import ctypes, os, threading, time
libc = ctypes.CDLL(None)
os.mkfifo('fifo')
path = ctypes.create_string_buffer(b'fifo', 64)
reader = threading.Thread(target=lambda: libc.open(path, os.O_RDONLY)); reader.start()
time.sleep(0.2); path.value = b'/etc/harmless'
os.close(os.open('fifo', os.O_WRONLY)); reader.join()`;
  await runIn(cgroup.path, 'python3', '-c', program);
  await collector.settle();
  const reads = sink.of('file.open').filter(({ access }) => access === 'read');
  const given = reads.map(({ path }) => path.raw);
  expect(given).toEqual(expect.arrayContaining(['fifo', '/etc/harmless']));
});

test('what a sandbox does before it is registered is delivered when it is', async () => {
  const early = makeCgroup(parentCgroup, 'early');
  await runIn(early.path, 'true', 'early bird');
  await collector.settle();
  expect(sink.observations).toEqual([]);
  const late = { ...sandboxFor({ cgroup: early }), uid: SandboxUid.parse('sandbox-2') };
  await collector.watch(late);
  expect(sink.find('process.exec', ({ argv }) => argv[1] === 'early bird')).toBeDefined();
  await collector.unwatch(late);
  await removeCgroup(early.path);
});

test('under overload the kernel count is what was seen and what was reported lost', async () => {
  const flood = makeCgroup(parentCgroup, 'flood');
  const flooded = { ...sandboxFor({ cgroup: flood }), uid: SandboxUid.parse('sandbox-3') };
  await collector.watch(flooded);
  await collector.settle();
  const sensor = collector.sensorPid() ?? 0;
  const linesBefore = counters.snapshot()['ebpf.lines_lost'] ?? 0;
  const program =
    'import os\nfor i in range(120000):\n try: os.open("/none", 0)\n except OSError: pass';
  process.kill(sensor, 'SIGSTOP');
  await runIn(flood.path, 'python3', '-c', program);
  process.kill(sensor, 'SIGCONT');
  await collector.settle();
  const { counted, seen, lost } = collector.totals(flooded);
  expect(counted).toBeGreaterThan(120_000n);
  expect(lost).toBeGreaterThan(0n);
  expect(seen + lost).toBe(counted);
  const reported = sink.gaps.filter(({ sandbox: of }) => of === flooded.uid);
  expect(reported.reduce((sum, { count }) => sum + count, 0n)).toBe(lost);
  // bpftrace's own count includes the pieces that belong to lost records. The kernel tells each
  // processor's share only with that processor's next record.
  const lines = () => BigInt((counters.snapshot()['ebpf.lines_lost'] ?? 0) - linesBefore);
  for (const cpu of cpus().keys()) await runIn(flood.path, 'taskset', '-c', `${cpu}`, 'true');
  await until(() => lines() >= lost, 'each processor has told its share');
  await collector.unwatch(flooded);
  await removeCgroup(flood.path);
});

test('the death of bpftrace is seen at once, reported, and it comes back', async () => {
  const before = collector.sensorPid() ?? 0;
  const killedMs = performance.now();
  process.kill(before, 'SIGKILL');
  await until(() => sink.restarts.length > 0, 'its death is noticed');
  expect(performance.now() - killedMs).toBeLessThan(2_000);
  expect(sink.restarts).toHaveLength(1);
  expect(sink.gaps[0]).toMatchObject({ reason: 'collector_died', sandbox: undefined });
  await until(() => sink.gaps.length > 1, 'it sees again');
  expect(sink.gaps[1]).toMatchObject({ reason: 'restart', sandbox: undefined });
  await runIn(cgroup.path, 'true', 'after');
  await collector.settle();
  expect(sink.find('process.exec', ({ argv }) => argv[1] === 'after')).toBeDefined();
  expect(collector.sensorPid()).not.toBe(before);
}, 60_000);

test('a sandbox that is no longer watched yields nothing', async () => {
  await collector.unwatch(sandbox);
  await runIn(cgroup.path, 'true', 'unwatched');
  await collector.settle();
  expect(sink.observations).toEqual([]);
});

test('a sensor that is killed while it starts is tried again, a few times', async () => {
  const attempts = join(workspace, 'attempts');
  const bpftrace = join(workspace, 'killed');
  writeFileSync(bpftrace, `#!/bin/sh\necho one >> ${attempts}\nkill -KILL $$\n`, { mode: 0o755 });
  const unlucky = createEbpfCollector({
    ...{ parentCgroup, counters, clock: systemClock, logger: silentLogger, bpftrace },
  });
  await expect(unlucky.start(new RecordingSink())).rejects.toMatchObject({
    code: 'SENSOR_UNAVAILABLE',
  });
  await unlucky.stop();
  expect(readFileSync(attempts, 'utf8').split('\n')).toHaveLength(6);
});
