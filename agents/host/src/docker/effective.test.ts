// What counts as isolation: each option that gives a container the host makes it as weak as none.
import { Policy } from '@sandtrail/schemas/policy';
import { expect, test } from 'vitest';
import { isolationOf, unenforcedOf } from './effective.ts';
import { Container } from './engine.ts';

const policy = Policy.parse({
  isolation: 'docker',
  network: { mode: 'none' },
  filesystem: { workspace: '/work', host_mounts: ['/data:ro'] },
  resources: { cpu_limit: '1', memory_limit: '1Gi', timeout_seconds: 60 },
});

function container(host: object = {}, networks: object = {}): Container {
  return Container.parse({
    ...{ Id: 'ab'.repeat(32), Name: '/a', Path: 'sh', Args: [] },
    State: { Status: 'running', Running: true, Paused: false, Pid: 7, ExitCode: 0 },
    Config: { Image: 'box:1', Labels: null },
    HostConfig: {
      ...{ Runtime: 'runc', NetworkMode: 'none', PidMode: '', IpcMode: 'private', UTSMode: '' },
      ...{ Privileged: false, CapAdd: null, SecurityOpt: null, Binds: null, Devices: [] },
      ...{ Memory: 1, NanoCpus: 1, CpuQuota: 0, PidsLimit: 9, RestartPolicy: { Name: 'no' } },
      ...host,
    },
    NetworkSettings: { Networks: networks },
  });
}

test('a plain container is isolated as such, and one under runsc by gVisor', () => {
  expect(isolationOf(container())).toEqual({ isolation: 'docker', weakened: [] });
  expect(isolationOf(container({ Runtime: 'runsc' })).isolation).toBe('gvisor');
});

test.each([
  { Privileged: true },
  { PidMode: 'host' },
  { NetworkMode: 'host' },
  { IpcMode: 'host' },
  { UTSMode: 'host' },
  { CapAdd: ['CAP_SYS_ADMIN'] },
  { CapAdd: ['ALL'] },
  { SecurityOpt: ['seccomp=unconfined'] },
  { Devices: [{ PathOnHost: '/dev/sda' }] },
  { Binds: ['/run/docker.sock:/s'] },
])('%o leaves no isolation to speak of', (host) => {
  const { isolation, weakened } = isolationOf(container(host));
  expect(isolation).toBe('none');
  expect(weakened).toHaveLength(1);
});

test('what nothing enforces is named by its field', () => {
  const fields = (one: Container, sensed = true) =>
    unenforcedOf(one, policy, { sensed, cgroupParent: 'p' }).map(({ field }) => field);
  const always = ['resources.timeout_seconds', 'on_recorder_loss'];
  expect(fields(container({ Binds: ['/data:/data'] }))).toEqual(always);
  expect(fields(container(), false)).toEqual([...always, 'kernel sensors']);
  const limits = { Memory: 0, NanoCpus: 0, PidsLimit: null, Binds: ['/etc:/e'] };
  const networks = { lane: { NetworkID: 'n', IPAMConfig: null, Aliases: null } };
  expect(fields(container(limits, networks))).toEqual([
    ...['network', 'filesystem.host_mounts'],
    ...['resources.cpu_limit', 'resources.memory_limit', 'resources.pids_limit'],
    ...always,
  ]);
});
