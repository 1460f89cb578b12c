// The command line of bubblewrap: what a sandbox sees of the host, which is little.
import { lstatSync, readlinkSync } from 'node:fs';

/** A path of the host (as the launcher reaches it) and where it appears inside. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** What a sandbox is made of. */
export interface SandboxView {
  /** Files and directories beside the system's own. */
  readonly binds: readonly Bind[];
  /** Working directory, inside. */
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly hostname: string;
  /** Standard input is a terminal, which the command is to control: keys signal it alone. */
  readonly terminal: boolean;
  /** Without a watchdog that can freeze, the sandbox dies with its runner. */
  readonly dieWithRunner: boolean;
  readonly infoFd: number;
  readonly blockFd: number;
  readonly command: readonly string[];
}

/** User and group id inside: never 0. */
export const insideUid = 1000;

/** System directories that a sandbox reads. */
const systemDirectories = ['/usr'];
/** On a merged-/usr system these are links, else directories. */
const merged = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** The part of /etc without secrets: what a shell, TLS, Python, Java, git and npm read. */
export const etcSubset = [
  'alternatives',
  'bash.bashrc',
  'ca-certificates',
  'ca-certificates.conf',
  'debian_version',
  'fonts',
  'gai.conf',
  'host.conf',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'magic',
  'magic.mime',
  'mime.types',
  'os-release',
  'perl',
  'pki',
  'profile',
  'profile.d',
  'protocols',
  'python3',
  'python3.11',
  'rpc',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
  'xattr.conf',
];

/** The arguments after `bwrap` (bwrap(1)). */
export function bubblewrapArguments(view: SandboxView): readonly string[] {
  return [
    ...['--unshare-user', '--unshare-all', '--disable-userns', '--cap-drop', 'ALL'],
    ...['--uid', String(insideUid), '--gid', String(insideUid), '--hostname', view.hostname],
    '--new-session',
    ...(view.dieWithRunner ? ['--die-with-parent'] : []),
    ...['--info-fd', String(view.infoFd), '--block-fd', String(view.blockFd)],
    ...systemDirectories.flatMap((path) => ['--ro-bind', path, path]),
    ...merged.flatMap(linkOrBind),
    ...etcSubset.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/tmp'],
    ...['--perms', '1777', '--tmpfs', '/var/tmp'],
    ...view.binds.flatMap(({ source, target, writable }) => [
      writable ? '--bind' : '--ro-bind',
      source,
      target,
    ]),
    ...['--remount-ro', '/', '--chdir', view.workspace, '--clearenv'],
    ...Object.entries(view.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
    ...(view.terminal ? ['setsid', '--ctty'] : []),
    ...view.command,
  ];
}

/** `/bin` and its like: the host's link again, or the directory itself on an unmerged system. */
function linkOrBind(path: string): readonly string[] {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return [];
  return entry.isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : ['--ro-bind', path, path];
}
