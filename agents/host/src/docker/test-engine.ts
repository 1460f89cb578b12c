// For tests: a real Docker engine of this test's own, in a network namespace of its own, and its end.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listProcesses } from '../driver/task.ts';
import { cgroupDirectories, findCgroupLayout } from '../sandbox/cgroup-layout.ts';
import { type DockerEngine, openDockerEngine } from './engine.ts';

/** An engine with one image, `box:1`, which is a static busybox. */
export interface TestEngine {
  readonly engine: DockerEngine;
  readonly socketPath: string;
  readonly folder: string;
  /** Below which its containers' cgroups lie. */
  readonly cgroupParent: string;
  readonly pid: number;
  /** Any call of the API; the answer is parsed. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Ends the daemon alone: containers stay as they are. */
  stop(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends all of it; names what would not go. */
  close(): Promise<readonly string[]>;
}

const startMsMax = 30_000;
let count = 0;

/** Starts an engine: some 1 s. Root only. */
export async function startTestEngine(cgroupParent?: string): Promise<TestEngine> {
  count += 1;
  const folder = mkdtempSync(join(tmpdir(), 'std-'));
  const parent = cgroupParent ?? `st-docker-${process.pid}-${count}`;
  const socketPath = join(folder, 'd.sock');
  writeFileSync(join(folder, 'daemon.json'), JSON.stringify({ runtimes }));
  let daemon = await startDaemon(folder, parent);
  const engine = await openDockerEngine({ socketPath, timeoutMs: 10_000 });
  const api: TestEngine['api'] = async (method, path, body) => {
    const words = body === undefined ? [] : ['-H', 'content-type: application/json', '-d', '@-'];
    const url = `http://d/v${engine.apiVersion}${path}`;
    const input = body === undefined ? '' : JSON.stringify(body);
    return parsed(await curl(['--unix-socket', socketPath, '-X', method, ...words, url], input));
  };
  await importImage(folder, socketPath);
  const stop = () => endProcess(daemon);
  return {
    engine,
    socketPath,
    folder,
    cgroupParent: parent,
    get pid() {
      return daemon.pid ?? 0;
    },
    api,
    stop,
    start: async () => {
      daemon = await startDaemon(folder, parent);
    },
    close: async () => {
      await stop();
      return clearAway(folder, parent);
    },
  };
}

const runtimes = {
  runsc: {
    path: '/usr/bin/runsc',
    runtimeArgs: ['--platform=ptrace', '--network=none', '--ignore-cgroups'],
  },
};

async function startDaemon(folder: string, parent: string): Promise<ChildProcess> {
  const words = [
    ...['dockerd', '--config-file', join(folder, 'daemon.json')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'd.pid'), '-H', `unix://${join(folder, 'd.sock')}`],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver', 'vfs'],
    ...['--cgroup-parent', `/${parent}`, '--live-restore'],
  ];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words];
  const daemon = spawn('unshare', ['--net', '--', ...inside], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  daemon.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4096);
  });
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 50) {
    const answer = await curl(['--unix-socket', join(folder, 'd.sock'), 'http://d/_ping'], '');
    if (answer === 'OK') return daemon;
    if (daemon.exitCode !== null) break;
    await delay(50);
  }
  throw new Error(`dockerd did not start: ${said}`);
}

async function importImage(folder: string, socketPath: string): Promise<void> {
  const root = join(folder, 'image');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'tmp', 'etc']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  const { stdout } = spawnSync('/usr/bin/busybox', ['--list'], { encoding: 'utf8' });
  for (const name of stdout.split('\n').filter((each) => each !== '' && each !== 'busybox')) {
    symlinkSync('busybox', join(root, 'bin', name));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  const tar = join(folder, 'image.tar');
  spawnSync('tar', ['-C', root, '-cf', tar, '.']);
  const url = 'http://d/images/create?fromSrc=-&repo=box&tag=1';
  const type = ['-H', 'content-type: application/x-tar', '--data-binary', `@${tar}`];
  await curl(['--unix-socket', socketPath, '-X', 'POST', ...type, url], '');
}

/** A client that shares nothing with the one under test. */
async function curl(words: readonly string[], input: string): Promise<string> {
  const child = spawn('curl', ['-s', '--max-time', '60', ...words]);
  child.stdin.on('error', () => child.kill());
  child.stdin.end(input);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await once(child, 'close');
  return text;
}

function parsed(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Shims and sandboxes outlive the daemon that started them: whoever names the folder is ended. */
async function clearAway(folder: string, parent: string): Promise<readonly string[]> {
  for (let waitedMs = 0; waitedMs < 5_000 && usersOf(folder).length > 0; waitedMs += 50) {
    for (const pid of usersOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await delay(50);
  }
  const left = usersOf(folder).map((pid) => `process ${pid} of ${folder}`);
  for (const mount of mountsBelow(folder).toReversed()) spawnSync('umount', ['-l', mount]);
  const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (layout !== undefined) {
    const mounts = readdirSync('/sys/fs/cgroup').map((name) =>
      join('/sys/fs/cgroup', name, parent),
    );
    const places = cgroupDirectories({ layout, parent, name: '' });
    for (const place of new Set([...mounts, ...places])) left.push(...(await endCgroup(place)));
  }
  rmSync(folder, { recursive: true, force: true });
  return [...left, ...mountsBelow(folder)];
}

/** Kills what is in a cgroup tree and removes it; a v1 tree has no kill, and is only removed. */
export async function endCgroup(place: string): Promise<readonly string[]> {
  for (let attempt = 0; existsSync(place) && attempt < 100; attempt += 1) {
    try {
      const kill = join(place, 'cgroup.kill');
      if (existsSync(kill)) writeFileSync(kill, '1');
      for (const entry of readdirSync(place, { withFileTypes: true })) {
        if (entry.isDirectory()) rmdirSync(join(place, entry.name));
      }
      rmdirSync(place);
    } catch {
      await delay(20);
    }
  }
  return existsSync(place) ? [`cgroup ${place}`] : [];
}

function usersOf(folder: string): readonly number[] {
  return listProcesses().filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return pid !== process.pid && words.includes(folder);
    } catch {
      return false;
    }
  });
}

function mountsBelow(folder: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((place) => place.startsWith(`${folder}/`));
}
