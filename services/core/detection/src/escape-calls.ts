// System calls with which a program leaves its sandbox or prepares to, and how grave each is.
import type { EscapePrimitive } from './escape-paths.ts';

interface Call {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly value: string }[];
}

const mounting = {
  mark: 'mount',
  what: 'a mount',
  worked: 'critical',
  refused: 'low',
  contain: true,
} as const;
const moduleLoading = {
  mark: 'kernel-module',
  what: 'loading code into the kernel',
  worked: 'critical',
  refused: 'high',
  contain: true,
} as const;
const namespaces = {
  mark: 'namespace',
  what: 'new namespaces, in which the program would be root',
  worked: 'medium',
  refused: 'low',
  contain: false,
} as const;
const otherMemory = {
  mark: 'process-memory',
  what: 'reaching into another process’s memory',
  worked: 'medium',
  refused: 'low',
  contain: false,
} as const;

const machineWide = {
  mark: 'machine',
  what: 'a change of the whole machine',
  worked: 'critical',
  refused: 'medium',
  contain: true,
} as const;

const calls: Readonly<Record<string, EscapePrimitive>> = {
  mount: mounting,
  fsopen: mounting,
  fsmount: mounting,
  fsconfig: mounting,
  move_mount: mounting,
  open_tree: mounting,
  mount_setattr: mounting,
  umount: { ...mounting, mark: 'umount', what: 'taking a mount away', worked: 'high' },
  umount2: { ...mounting, mark: 'umount', what: 'taking a mount away', worked: 'high' },
  pivot_root: { ...mounting, mark: 'pivot-root', what: 'another root directory' },
  chroot: {
    ...mounting,
    mark: 'chroot',
    what: 'another root directory',
    worked: 'medium',
    contain: false,
  },
  setns: {
    mark: 'setns',
    what: 'entering the namespaces of another process',
    worked: 'critical',
    refused: 'medium',
    contain: true,
  },
  init_module: moduleLoading,
  finit_module: moduleLoading,
  delete_module: moduleLoading,
  kexec_load: moduleLoading,
  kexec_file_load: moduleLoading,
  bpf: {
    mark: 'bpf',
    what: 'a BPF program or map',
    worked: 'critical',
    refused: 'medium',
    contain: true,
  },
  open_by_handle_at: {
    mark: 'file-handle',
    what: 'opening a file by handle, past every mount (shocker)',
    worked: 'critical',
    refused: 'high',
    contain: true,
  },
  process_vm_writev: otherMemory,
  process_vm_readv: otherMemory,
  keyctl: {
    mark: 'keyring',
    what: 'the kernel’s keyrings',
    worked: 'medium',
    refused: 'low',
    contain: false,
  },
  add_key: {
    mark: 'keyring',
    what: 'the kernel’s keyrings',
    worked: 'medium',
    refused: 'low',
    contain: false,
  },
  request_key: {
    mark: 'keyring',
    what: 'the kernel’s keyrings',
    worked: 'low',
    refused: 'low',
    contain: false,
  },
  userfaultfd: {
    mark: 'userfaultfd',
    what: 'handling page faults, as kernel exploits do',
    worked: 'medium',
    refused: 'low',
    contain: false,
  },
  perf_event_open: {
    mark: 'perf',
    what: 'the kernel’s performance counters',
    worked: 'medium',
    refused: 'low',
    contain: false,
  },
  io_uring_setup: {
    mark: 'io-uring',
    what: 'a ring of requests that system-call sensors do not see',
    worked: 'low',
    refused: 'info',
    contain: false,
  },
  iopl: { ...moduleLoading, mark: 'port-access', what: 'raw access to hardware ports' },
  ioperm: { ...moduleLoading, mark: 'port-access', what: 'raw access to hardware ports' },
  pidfd_getfd: otherMemory,
  reboot: machineWide,
  swapon: machineWide,
  acct: machineWide,
  mknod: {
    mark: 'device-node',
    what: 'a device node',
    worked: 'high',
    refused: 'low',
    contain: false,
  },
};

const ptraceAttach: EscapePrimitive = {
  mark: 'ptrace',
  what: 'taking control of another process by ptrace',
  worked: 'high',
  refused: 'medium',
  contain: true,
};
const ptraceOther: EscapePrimitive = {
  mark: 'ptrace-child',
  what: 'tracing a child by ptrace, as debuggers do',
  worked: 'low',
  refused: 'low',
  contain: false,
};
const packetSocket: EscapePrimitive = {
  mark: 'packet-socket',
  what: 'a packet socket, which reads and forges the host’s frames',
  worked: 'high',
  refused: 'medium',
  contain: true,
};
const rawSocket: EscapePrimitive = {
  mark: 'raw-socket',
  what: 'a raw socket, which sends packets past every proxy',
  worked: 'medium',
  refused: 'low',
  contain: false,
};
const hostSocket: EscapePrimitive = {
  mark: 'vm-socket',
  what: 'a socket to the hypervisor',
  worked: 'medium',
  refused: 'low',
  contain: false,
};
const cryptoSocket: EscapePrimitive = {
  mark: 'crypto-socket',
  what: 'a socket into the kernel’s cryptography (CVE-2026-31431)',
  worked: 'medium',
  refused: 'low',
  contain: false,
};

/** CLONE_NEWTIME and CLONE_NEWNS … CLONE_NEWNET, from clone(2). */
const namespaceBits = 0x0000_0080 | 0x0002_0000 | 0x7e00_0000;
/** The kind of a socket, below its flags, from socket(2). */
const socketTypeBits = 15;
/** PTRACE_ATTACH and PTRACE_SEIZE, from ptrace(2). */
const attachRequests = new Set([16, 0x4206]);

/** How a call is judged by its name and arguments, or undefined when it is nobody's business. */
export function matchEscapeCall(call: Call): EscapePrimitive | undefined {
  switch (call.name) {
    case 'unshare':
    case 'clone':
    case 'clone3':
      return asksForNamespace(call) ? namespaces : undefined;
    case 'keyctl':
      // A session keyring of its own, as every container runtime and login makes one.
      return argument(call, ['operation']) === '1' ? undefined : calls['keyctl'];
    case 'ptrace':
      return attaches(call) ? ptraceAttach : ptraceOther;
    case 'socket':
      return judgeSocket(call);
    case 'mknod':
    case 'mknodat':
      return makesDevice(call) ? calls['mknod'] : undefined;
    default:
      return Object.hasOwn(calls, call.name) ? calls[call.name] : undefined;
  }
}

function asksForNamespace(call: Call): boolean {
  const flags = argument(call, ['flags', 'unshare_flags', 'clone_flags']);
  if (flags === undefined) return call.name === 'unshare';
  if (/CLONE_NEW/.test(flags)) return true;
  return (Number(flags) & namespaceBits) !== 0;
}

function attaches(call: Call): boolean {
  const request = argument(call, ['request']);
  if (request === undefined) return false;
  return /ATTACH|SEIZE/.test(request) || attachRequests.has(Number(request));
}

function judgeSocket(call: Call): EscapePrimitive | undefined {
  const family = argument(call, ['family', 'domain']);
  if (family === undefined) return undefined;
  if (/^(?:17|0x11|44|[AP]F_(?:PACKET|XDP)|packet)$/.test(family)) return packetSocket;
  if (/^(?:38|0x26|[AP]F_ALG|alg)$/.test(family)) return cryptoSocket;
  if (/^(?:40|0x28|[AP]F_VSOCK|vsock)$/.test(family)) return hostSocket;
  const type = argument(call, ['type']) ?? '';
  const raw = /SOCK_RAW/.test(type) || (Number(type) & socketTypeBits) === 3;
  return raw && /^(?:2|10|[AP]F_INET6?|inet6?)$/.test(family) ? rawSocket : undefined;
}

/** Pipes and ordinary files are made by mknod(2) too: only devices are of interest. */
function makesDevice(call: Call): boolean {
  const mode = argument(call, ['mode']);
  if (mode === undefined) return true;
  const type = Number(mode) & 0o170000;
  return type === 0o020000 || type === 0o060000 || /S_IF(?:CHR|BLK)/.test(mode);
}

function argument(call: Call, names: readonly string[]): string | undefined {
  return call.args.find(({ name }) => names.includes(name))?.value;
}
