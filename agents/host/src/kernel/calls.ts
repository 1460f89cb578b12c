// The system calls under watch: which of their arguments are text, addresses and numbers.

/** One watched call; positions count its arguments from 0, as the manual (section 2) lists them. */
export interface WatchedCall {
  readonly name: string;
  /** Position of the path-like text that the event is about, and of a second text. */
  readonly path: number | undefined;
  readonly target: number | undefined;
  /** Position of a `sockaddr` with its length, or of a `msghdr` that points at one. */
  readonly address: number | undefined;
  readonly length: number | undefined;
  readonly message: number | undefined;
  readonly numbers: readonly NumberArgument[];
}

interface NumberArgument {
  readonly name: string;
  readonly at: number;
  /** True when the argument points at a structure whose first 64-bit word is the number. */
  readonly pointer: boolean;
}

/**
 * One line per call: its name, then its arguments in order. `path`, `target`, `address`, `length`
 * and `message` have the meanings above, `-` is not recorded, `*name` points at the number.
 */
const lines = `
open path flags
creat path mode
openat dirfd path flags
openat2 dirfd path *flags
unlink path
rmdir path
unlinkat dirfd path flags
rename path target
renameat dirfd path targetfd target
renameat2 dirfd path targetfd target flags
link target path
linkat targetfd target dirfd path flags
symlink target path
symlinkat target dirfd path
chmod path mode
fchmod fd mode
fchmodat dirfd path mode
fchmodat2 dirfd path mode flags
chdir path
fchdir fd
connect fd address length
bind fd address length
sendto fd - - - address length
sendmsg fd message
sendmmsg fd message
listen fd backlog
socket family type protocol
setuid uid
setgid gid
setreuid ruid euid
setregid rgid egid
setresuid ruid euid suid
setresgid rgid egid sgid
setfsuid uid
setfsgid gid
mount target path - flags
umount path flags
pivot_root path target
chroot path
open_tree dirfd path flags
move_mount targetfd target dirfd path flags
fsopen path flags
fsconfig fd command path
fsmount fd flags attributes
mount_setattr dirfd path flags
setns fd flags
unshare flags
clone flags
clone3 *flags
ptrace request pid
process_vm_readv pid
process_vm_writev pid
pidfd_getfd pidfd fd
bpf command - size
perf_event_open - pid cpu - flags
userfaultfd flags
io_uring_setup entries
memfd_create path flags
memfd_secret flags
open_by_handle_at dirfd - flags
keyctl operation argument
add_key path target
mknod path mode device
mknodat dirfd path mode device
init_module - size
finit_module fd path flags
delete_module path flags
kexec_load - segments - flags
kexec_file_load fd - - - flags
swapon path flags
reboot magic magic2 command
acct path
iopl level
ioperm from number on
`;

/** Calls whose `path` is a name and not a path. */
export const nameCalls: ReadonlySet<string> = new Set([
  'memfd_create',
  'fsopen',
  'fsconfig',
  'add_key',
  'delete_module',
  'finit_module',
]);

const special = new Set(['path', 'target', 'address', 'length', 'message', '-']);

/** Every watched call except execve(2) and execveat(2), which have rules of their own. */
export const watchedCalls: readonly WatchedCall[] = lines.trim().split('\n').map(parseLine);

/** Flags of clone(2), clone3(2) and unshare(2) that make a new namespace. */
export const namespaceFlags = 0x7e02_0080n;

/** Frequent calls: what a filter in the kernel may leave out, and where a second text is costly. */
export const openCalls: ReadonlySet<string> = new Set(['open', 'creat', 'openat', 'openat2']);

function parseLine(line: string): WatchedCall {
  const [name = '', ...words] = line.split(' ');
  const position = (word: string) => (words.includes(word) ? words.indexOf(word) : undefined);
  return {
    name,
    path: position('path'),
    target: position('target'),
    address: position('address'),
    length: position('length'),
    message: position('message'),
    numbers: words.flatMap((word, at) =>
      special.has(word) ? [] : [{ name: word.replace('*', ''), at, pointer: word.startsWith('*') }],
    ),
  };
}
