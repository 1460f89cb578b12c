// Paths by which a sandbox reaches the host's kernel, disks or container engine, in any spelling.

import type { Severity } from '@sandtrail/schemas/scalars';

/** A way out of a sandbox, and how grave it is when it was open and when it was shut. */
export interface EscapePrimitive {
  /** Its name, stable for deduplication. */
  readonly mark: string;
  readonly what: string;
  readonly worked: Severity;
  readonly refused: Severity;
  /** Freezing without a person is right where it is grave: no agent's program has a use for it. */
  readonly contain: boolean;
}

interface Rule extends EscapePrimitive {
  /** `any`: touching it is enough; `write`: only writing, creating or replacing it. */
  readonly when: 'any' | 'write';
  readonly pattern: RegExp;
}

const hostCode = { worked: 'critical', refused: 'high', contain: true } as const;
const hostDevice = { worked: 'critical', refused: 'medium', contain: true } as const;
const setting = { worked: 'high', refused: 'low', contain: false } as const;
const foreign = { worked: 'high', refused: 'medium', contain: false } as const;

/** Sockets that give whoever talks to them the host (MITRE T1611, T1609). */
const engineSocket =
  /(?:^|[/@\0])(?:docker|containerd|crio|cri-dockerd|dockershim|podman|buildkitd|lxd|incus|kubelet|firecracker|kata|k3s)[a-z0-9._-]*\.sock(?:\.raw|\.ttrpc)?$|^[@\0]\/containerd-shim\/|\/libvirt\/libvirt-sock|^\/(?:var\/)?run\/(?:containerd|crio|podman|docker)\/.*\.sock|^\/(?:var\/)?run\/systemd\/private$/;

const rules: readonly Rule[] = [
  {
    mark: 'engine-socket',
    ...hostCode,
    what: 'the container engine’s socket',
    when: 'any',
    pattern: engineSocket,
  },
  {
    mark: 'core-pattern',
    ...hostCode,
    what: 'the kernel’s core_pattern, which names a program that the host runs',
    when: 'write',
    pattern: /^\/proc\/sys\/kernel\/core_pattern$/,
  },
  {
    mark: 'kernel-setting',
    ...setting,
    what: 'a setting of the kernel',
    when: 'write',
    pattern: /^\/proc\/sys\/|^\/proc\/(?:sysrq-trigger|irq\/|bus\/|fs\/)/,
  },
  {
    mark: 'release-agent',
    ...hostCode,
    what: 'a cgroup’s release_agent, which names a program that the host runs (CVE-2022-0492)',
    when: 'write',
    pattern: /\/(?:release_agent|notify_on_release)$/,
  },
  {
    mark: 'uevent-helper',
    ...hostCode,
    what: 'the kernel’s uevent_helper, which names a program that the host runs',
    when: 'write',
    pattern: /^\/sys\/kernel\/uevent_helper$|^\/sys\/.*\/uevent$/,
  },
  {
    mark: 'cgroup',
    ...setting,
    what: 'the control files of cgroups',
    when: 'write',
    pattern:
      /^\/sys\/fs\/cgroup\/.*(?:cgroup\.(?:procs|threads|freeze|kill)|tasks|devices\.allow)$/,
  },
  {
    mark: 'kernel-interface',
    ...foreign,
    what: 'a kernel interface for debugging or firmware',
    when: 'write',
    pattern: /^\/sys\/(?:kernel\/(?:debug|security|tracing|kexec)|firmware|power|fs\/bpf|module)\//,
  },
  {
    mark: 'kernel-memory',
    ...hostDevice,
    what: 'the kernel’s memory',
    when: 'any',
    pattern: /^\/dev\/(?:k?mem|port)$|^\/proc\/kcore$/,
  },
  {
    mark: 'raw-disk',
    ...hostDevice,
    what: 'a raw disk',
    when: 'any',
    pattern:
      /^\/dev\/(?:(?:sd|hd|vd|xvd)[a-z]{1,2}\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?|dm-\d+|md\d+|loop\d+|loop-control|sr\d+|mapper\/(?!control$).+|disk\/.+)$/,
  },
  {
    mark: 'init-root',
    ...hostCode,
    what: 'the file system of another process, through /proc',
    when: 'any',
    pattern: /^\/proc\/\d+(?:\/task\/\d+)?\/root(?:\/|$)/,
  },
  {
    mark: 'own-image',
    ...hostCode,
    what: 'the running program’s own image, as the runc overwrite does (CVE-2019-5736)',
    when: 'write',
    pattern: /^\/proc\/(?:self|thread-self|\d+)\/exe$/,
  },
  {
    mark: 'process-memory',
    ...foreign,
    what: 'another process’s memory, through /proc',
    when: 'write',
    pattern: /^\/proc\/\d+(?:\/task\/\d+)?\/mem$/,
  },
  {
    mark: 'init-namespace',
    ...foreign,
    what: 'the namespaces of the first process',
    when: 'any',
    pattern: /^\/proc\/1\/ns\//,
  },
];

const candidate =
  /^\/(?:proc|sys|dev|run|var\/run)\/|sock|^[@\0]|\/(?:release_agent|notify_on_release)$/;

/** Prefixes that lead back to a root directory: what follows is judged as if it stood alone. */
const rootPrefix =
  /^(?:\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/root|\/(?:host|hostfs|rootfs|mnt\/host))(?=\/)/;

/** The most telling rule that the path breaks, or undefined. `path` is lexical (no dots) or a socket's name. */
export function matchEscapePath(
  path: string,
  access: 'read' | 'write' | 'connect',
): EscapePrimitive | undefined {
  if (!candidate.test(path)) return undefined;
  const behind = stripRoots(path);
  return rules.find(
    ({ when, pattern }) =>
      (when === 'any' || access === 'write') && (pattern.test(behind) || pattern.test(path)),
  );
}

function stripRoots(path: string): string {
  let rest = path;
  for (let depth = 0; depth < 8 && rootPrefix.test(rest); depth += 1)
    rest = rest.replace(rootPrefix, '');
  return rest;
}
