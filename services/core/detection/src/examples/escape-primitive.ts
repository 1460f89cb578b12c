// Examples of escape-primitive: ways out in several spellings, and what builds and tools do all day.
import { type Example, type ExampleEvent, examplePolicy, exampleProcess } from '../example.ts';

const process = exampleProcess(40);

function opens(raw: string, access: 'read' | 'write', errno?: number): ExampleEvent {
  const body = {
    kind: 'file.open',
    process,
    path: { raw },
    access,
    create: false,
    flags: 0,
  } as const;
  return { body: errno === undefined ? body : { ...body, errno } };
}

function connects(address: string, errno?: number): ExampleEvent {
  const body = { kind: 'network.connect', process, family: 'unix', address } as const;
  return { body: errno === undefined ? body : { ...body, errno } };
}

function calls(name: string, result: string, args: Record<string, string> = {}): ExampleEvent {
  const list = Object.entries(args).map(([key, value]) => ({ name: key, value }));
  return { body: { kind: 'syscall', process, name, args: list, result } };
}

const launcher = exampleProcess(2, 'bwrap');

/** What escape-primitive must find and must pass over. */
export const escapePrimitiveExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    { what: 'a key of somebody else', events: [calls('keyctl', '0', { operation: '11' })] },
    { what: 'the Docker socket', events: [connects('/var/run/docker.sock', 2)] },
    { what: 'the Docker socket with doubled slashes', events: [connects('//run/.//docker.sock')] },
    {
      what: 'the Docker socket through /proc',
      events: [connects('/proc/1/root/run/docker.sock', 13)],
    },
    { what: 'containerd by an abstract name', events: [connects('@/containerd-shim/moby/x.sock')] },
    {
      what: 'the Docker socket through a link in the workspace',
      events: [
        {
          body: {
            kind: 'file.link',
            process,
            path: { raw: '/tmp/agent/s' },
            target: { raw: '/var/run' },
            type: 'symbolic',
          },
        },
        connects('/tmp/agent/s/docker.sock', 2),
      ],
    },
    { what: 'core_pattern', events: [opens('/proc/sys/kernel/core_pattern', 'write', 30)] },
    {
      what: 'core_pattern with dots',
      events: [opens('/proc/self/../sys/kernel/./core_pattern', 'write')],
    },
    { what: 'release_agent', events: [opens('/sys/fs/cgroup/rdma/x/release_agent', 'write', 13)] },
    { what: 'uevent_helper', events: [opens('/sys/kernel/uevent_helper', 'write', 30)] },
    { what: 'a raw disk, read', events: [opens('/dev/vda1', 'read')] },
    { what: 'the root of process 1', events: [opens('/proc/1/root/etc/hostname', 'read')] },
    { what: 'the runtime’s image', events: [opens('/proc/self/exe', 'write', 26)] },
    { what: 'setns', events: [calls('setns', '0', { fd: '3', nstype: '0' })] },
    { what: 'a mount', events: [calls('mount', '0', { source: 'proc', target: '/mnt' })] },
    { what: 'a BPF program', events: [calls('bpf', '4', { cmd: '5' })] },
    { what: 'shocker', events: [calls('open_by_handle_at', '-1')] },
    {
      what: 'ptrace of another process',
      events: [calls('ptrace', '0', { request: '16', pid: '1' })],
    },
    { what: 'a packet socket', events: [calls('socket', '5', { family: '17', type: '3' })] },
    { what: 'a device node', events: [calls('mknodat', '0', { mode: '25008', device: '2049' })] },
    { what: 'a raw socket', events: [calls('socket', '5', { family: '2', type: '524291' })] },
    { what: 'a user namespace', events: [calls('unshare', '0', { flags: '0x10000000' })] },
    {
      what: 'a mount by a program that calls itself as the launcher',
      events: [
        {
          at: 1,
          body: {
            kind: 'process.exec',
            process,
            exe: { raw: '/tmp/agent/bwrap' },
            argv: ['bwrap'],
          },
        },
        {
          at: 2,
          body: {
            kind: 'syscall',
            process: exampleProcess(41, 'bwrap'),
            name: 'mount',
            args: [],
            result: '0',
          },
        },
      ],
    },
  ],
  miss: [
    {
      what: 'a runtime that gives an exec session a keyring of its own',
      events: [calls('keyctl', '824634', { operation: '1' })],
    },
    {
      what: 'the launcher’s own mounts before the first program',
      events: [
        {
          at: -0.5,
          body: { kind: 'syscall', process: launcher, name: 'mount', args: [], result: '0' },
        },
        {
          at: -0.4,
          body: { kind: 'syscall', process: launcher, name: 'pivot_root', args: [], result: '0' },
        },
      ],
    },
    { what: 'reading kernel settings', events: [opens('/proc/sys/net/core/somaxconn', 'read')] },
    { what: 'reading the mount table', events: [opens('/proc/self/mountinfo', 'read')] },
    { what: '/dev/null', events: [opens('/dev/null', 'write')] },
    { what: 'the process’s own image, read', events: [opens('/proc/self/exe', 'read')] },
    { what: 'an oom score', events: [opens('/proc/self/oom_score_adj', 'write')] },
    { what: 'a file that only looks so', events: [opens('/tmp/agent/core_pattern', 'write')] },
    { what: 'a socket of the project', events: [connects('/tmp/agent/test/docker.sock')] },
    { what: 'the system bus', events: [connects('/run/dbus/system_bus_socket', 2)] },
    { what: 'threads', events: [calls('clone', '77', { flags: '0x3d0f00' })] },
    { what: 'a named pipe', events: [calls('mknodat', '0', { mode: '4516', device: '0' })] },
    { what: 'a TCP socket', events: [calls('socket', '5', { family: '2', type: '1' })] },
    { what: 'unsharing a table of files', events: [calls('unshare', '0', { flags: '0x400' })] },
    {
      what: 'the Docker socket where the policy mounts it',
      policy: {
        ...examplePolicy,
        filesystem: { workspace: '/tmp/agent', host_mounts: ['/var/run/docker.sock'] },
      },
      events: [connects('/var/run/docker.sock')],
    },
  ],
};
