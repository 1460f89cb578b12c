// The doctor's look at what isolates and contains: each is tried on a canary process.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Check, missing, reasonOf, tryRun, works } from './check.ts';
import { mountCgroup } from './sensors.ts';

/** bubblewrap with namespaces of its own, as a sandbox uses it. */
export async function checkBubblewrap(): Promise<Check> {
  const view = ['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev'];
  const { ok, said } = await tryRun('bwrap', '--unshare-all', ...view, '/bin/true');
  const remedy = 'apt-get install -y bubblewrap';
  return ok
    ? works('bubblewrap', 'own user, mount, process and network namespaces')
    : missing('bubblewrap', { why: said, remedy, blind: ['no sandbox can be started here'] });
}

/** User namespaces as an ordinary user needs them. */
export async function checkUserNamespaces(): Promise<Check> {
  const { ok, said } = await tryRun('unshare', '--user', '--map-root-user', '/bin/true');
  const remedy = 'sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000';
  return ok
    ? works('user-namespaces', 'can be made')
    : missing('user-namespaces', { why: said, remedy });
}

/** Entering a network namespace: the proxy and the resolver are a sandbox's only ways out. */
export async function checkNetworkNamespace(isRoot: boolean): Promise<Check> {
  const blind = ['no network for sandboxes: proxy and resolver cannot listen inside them'];
  const remedy = 'apt-get install -y util-linux; allow user namespaces, or give CAP_SYS_ADMIN';
  // Without root a network can be entered through the user namespace that it belongs to.
  const kinds = isRoot ? ['net'] : ['user', 'net'];
  const made = [...kinds.map((kind) => `--${kind}`), ...(isRoot ? [] : ['--map-root-user'])];
  const canary = spawn('unshare', [...made, 'sleep', '30'], { stdio: 'ignore' });
  try {
    await delay(100);
    const entered = kinds.map((kind) => `--${kind}=/proc/${canary.pid}/ns/${kind}`);
    const words = [...entered, '--preserve-credentials', '/bin/true'];
    const { ok, said } = await tryRun('nsenter', ...words);
    return ok
      ? works('setns', 'a network namespace can be made and entered')
      : missing('setns', { why: said, remedy, blind });
  } finally {
    canary.kill('SIGKILL');
  }
}

/** A canary that is really frozen and really killed through cgroup v2. */
export async function checkCgroup(parent: string | undefined, isRoot: boolean): Promise<Check> {
  const blind = ['containment falls back to signals: a process may escape by forking'];
  if (!isRoot) {
    return missing('cgroup', { why: 'needs root', remedy: 'run it as root', blind });
  }
  if (parent === undefined) {
    return missing('cgroup', { why: 'no cgroup v2 tree', remedy: mountCgroup, blind });
  }
  const path = join(parent, 'contain-canary');
  const canary = spawn('sleep', ['30'], { stdio: 'ignore' });
  try {
    mkdirSync(path, { recursive: true });
    return await freezeAndKill(path, canary);
  } catch (error) {
    return missing('cgroup', { why: reasonOf(error), remedy: mountCgroup, blind });
  } finally {
    canary.kill('SIGKILL');
    await removeSoon(path);
  }
}

async function freezeAndKill(path: string, canary: ChildProcess): Promise<Check> {
  const death = new Promise((resolve) => canary.on('exit', resolve));
  writeFileSync(join(path, 'cgroup.procs'), `${canary.pid}`);
  const fromMs = performance.now();
  writeFileSync(join(path, 'cgroup.freeze'), '1');
  if (!(await eventBecomes(path, 'frozen 1'))) throw new Error('the canary was not frozen');
  const frozenMs = performance.now() - fromMs;
  if (!existsSync(join(path, 'cgroup.kill'))) {
    writeFileSync(join(path, 'cgroup.freeze'), '0');
    const why = 'the kernel has no cgroup.kill';
    const mode = 'freeze only; killing signals each process';
    return { ...works('cgroup', mode), state: 'degraded', why, remedy: 'use Linux 5.14 or later' };
  }
  writeFileSync(join(path, 'cgroup.kill'), '1');
  await death;
  if (!(await eventBecomes(path, 'populated 0'))) throw new Error('the canary was not killed');
  return works(
    'cgroup',
    `freeze and kill proven on a canary (frozen in ${frozenMs.toFixed(1)} ms)`,
  );
}

async function eventBecomes(path: string, event: string): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (readFileSync(join(path, 'cgroup.events'), 'utf8').includes(event)) return true;
    await delay(attempt < 50 ? 1 : 10);
  }
  return false;
}

/** Removes a cgroup once the kernel has let go of its last process. */
export async function removeSoon(path: string): Promise<void> {
  for (let attempt = 0; existsSync(path) && attempt < 100; attempt += 1) {
    try {
      rmdirSync(path);
    } catch {
      await delay(10);
    }
  }
}
