// Writes the bpftrace program from what the kernel's tracefs lists; its lines are read by record.ts.
import { namespaceFlags, openCalls, type WatchedCall, watchedCalls } from '../kernel/calls.ts';

/** A directory by inode, as the kernel knows it: opens for reading below it may be left out. */
export interface KernelDirectory {
  readonly device: bigint;
  readonly inode: bigint;
}

/** What a program depends on: this machine, this kernel, this process. */
export interface ProgramOptions {
  /** Directory of the parent cgroup: exactly its children are watched. */
  readonly parentCgroup: string;
  /** Process whose prctl(fenceOption, token) asks for the counts. */
  readonly fencePid: number;
  /** Argument names of a tracepoint in order, or `undefined` where the kernel has none such. */
  readonly argumentsOf: (tracepoint: string) => readonly string[] | undefined;
  readonly quiet: readonly KernelDirectory[];
  readonly processors: number;
}

/** A program, how many probes it must attach, and which calls this kernel cannot show. */
export interface Program {
  readonly text: string;
  readonly probes: number;
  readonly missing: readonly string[];
}

/** First argument of prctl(2) in a fence: no such option exists, the call only fails. */
export const fenceOption = 0x5374_7266;

/** Words of 8 bytes in one piece of an argument vector. */
export const argvWords = 22;

/** How many pieces of an argument vector are read. */
export const argvPieces = 6;

/** Words of a frequent call's text that are compared between its entry and its exit. */
export const earlyWords = 14;

/** 64-bit words of a socket address: the largest, a Unix path, has 110 bytes. */
export const addressWords = 14;

/** Call numbers of records that do not come from the table of calls. */
export const specialCalls = { exec: 0x1000, execFailed: 0x1001, exit: 0x1002, fork: 0x1003 };

/**
 * Builds the program. Strings take most of the 512 bytes of stack that a BPF program has, so each
 * program prints one; a call with two texts has two programs on its exit, run in this order.
 */
export function buildProgram(options: ProgramOptions): Program {
  const blocks: string[] = [];
  const missing: string[] = [];
  const inside = `((struct kernfs_node *)curtask->cgroups->dfl_cgrp->kn)->__parent->id == cgroupid("${options.parentCgroup}")`;
  for (const [index, call] of watchedCalls.entries()) {
    const names = options.argumentsOf(`syscalls/sys_enter_${call.name}`);
    if (names === undefined) missing.push(call.name);
    else blocks.push(...callBlocks({ call, index, names, inside, quiet: options.quiet }));
  }
  for (const [name, at] of [['execve', 0] as const, ['execveat', 1] as const]) {
    const names = options.argumentsOf(`syscalls/sys_enter_${name}`);
    if (names === undefined) missing.push(name);
    else blocks.push(...execCallBlocks(name, names[at] ?? 'filename', inside));
  }
  blocks.push(...lifeBlocks(inside));
  if (options.argumentsOf('cgroup/cgroup_rmdir') !== undefined) {
    blocks.push(forgetCgroupBlock(options.processors));
  }
  // The fence is attached last: once it answers, all are.
  blocks.push(fenceBlock(options.fencePid));
  return { text: `${blocks.join('\n')}\n`, probes: blocks.length, missing };
}

interface CallContext {
  readonly call: WatchedCall;
  readonly index: number;
  readonly names: readonly string[];
  readonly inside: string;
  readonly quiet: readonly KernelDirectory[];
}

function callBlocks(context: CallContext): string[] {
  const { call } = context;
  if (call.path !== undefined) return textBlocks(context, call.path);
  const pointer = call.address ?? call.message;
  return pointer === undefined ? plainBlocks(context) : addressBlocks(context, pointer);
}

/** What every record begins with; the number counts this cgroup's records on this processor. */
const counted = '@s[cgroup, cpu]++;';
const head = '%lx %lx %lx %lx %lx %lx';
const headValues =
  'cgroup, ((uint64)cpu << 48) | @s[cgroup, cpu], nsecs, ((uint64)pid << 32) | tid, ' +
  'curtask->group_leader->start_boottime, ((uint64)curtask->real_parent->tgid << 32) | uid';
const low = (value: string) => `((uint64)(${value}) & 0xffffffff)`;

/** The call's numbers as expressions, at least `count` of them. */
function numbers({ call, names }: CallContext, count: number): string[] {
  const values = call.numbers.map(({ at, pointer }) =>
    pointer ? `*(uint64 *)uptr(args->${names[at]})` : `(uint64)args->${names[at]}`,
  );
  return [...values, ...Array.from({ length: count }, () => '0')].slice(0, count);
}

function textBlocks(context: CallContext, path: number): string[] {
  const { call, index, names, inside } = context;
  const [a = '0', b = '0', c = '0'] = numbers(context, 3);
  const pointer = `args->${names[path]}`;
  const keep =
    `$a = ${pointer}; @p[tid] = (uint64)$a; @v[tid] = ${low(a)}; ` +
    `@w[tid] = (${low(b)} << 32) | ${low(c)};`;
  const second = call.target === undefined ? '' : ` @q[tid] = (uint64)args->${names[call.target]};`;
  const frequent = openCalls.has(call.name);
  const early = frequent ? '' : ' printf("T %lx %s", tid, str($a));';
  const enter = `tracepoint:syscalls:sys_enter_${call.name} /${inside}/`;
  const exit = `tracepoint:syscalls:sys_exit_${call.name}`;
  const blocks = [`${enter} { ${keep}${second}${early} }`];
  if (frequent) blocks.push(...changeBlocks({ ...context, enter, exit, pointer }));
  if (call.target !== undefined) {
    blocks.push(`${exit} /@p[tid]/ { printf("P %lx %s", tid, str(@q[tid])); delete(@q[tid]); }`);
  }
  blocks.push(
    `${exit} /@p[tid]/ { ${counted} printf("E ${head} %lx %lx %lx %s", ${headValues}, ` +
      `(${index} << 32) | @v[tid], args->ret, @w[tid], str(@p[tid])); ` +
      'delete(@p[tid]); delete(@v[tid]); delete(@w[tid]); }',
  );
  return blocks;
}

interface ChangeContext extends CallContext {
  readonly enter: string;
  readonly exit: string;
  readonly pointer: string;
}

/**
 * For frequent calls the text at entry is printed only where it is no longer the same at exit. It
 * is kept as words: a program's stack does not hold a string from a map beside its printed copy.
 */
function changeBlocks(context: ChangeContext): string[] {
  const { enter, exit, pointer } = context;
  const word = (base: string, at: number) => `*(uint64 *)uptr((uint64)${base} + ${at * 8})`;
  const places = Array.from({ length: earlyWords }, (_, at) => at);
  const same = places.map((at) => `$t.${at} == ${word('@p[tid]', at)}`).join(' && ');
  const shape = places.map(() => '%lx').join(' ');
  return [
    `${enter} { $a = ${pointer}; @t[tid] = (${places.map((at) => word('$a', at)).join(', ')}); }`,
    ...quietBlocks(context),
    `${exit} /@p[tid]/ { $t = @t[tid]; if (${same}) { delete(@t[tid]); } }`,
    `${exit} /@p[tid]/ { $t = @t[tid]; if ($t.0 != 0) { ` +
      `printf("W %lx ${shape}", tid, ${places.map((at) => `$t.${at}`).join(', ')}); } }`,
    `${exit} /@p[tid]/ { delete(@t[tid]); }`,
  ];
}

/** Leaves out successful opens for reading of files whose real directory is a quiet one. */
function quietBlocks({ call, exit, quiet }: ChangeContext): string[] {
  const device = quiet[0]?.device;
  if (device === undefined || call.name === 'creat') return [];
  const flags = call.name === 'open' ? '@v[tid]' : '(@w[tid] >> 32)';
  const hit = quiet
    .filter((directory) => directory.device === device)
    .map((directory) => `$i == (uint64)${directory.inode}`);
  return [
    `${exit} /@p[tid] && args->ret >= 0 && (${flags} & ${writeFlags}) == 0/ { ` +
      '$t = (struct files_struct *)curtask->files; $n = $t->fdt; ' +
      '$f = (struct file *)*(uint64 *)kptr((uint64)$n->fd + 8 * (uint64)args->ret); ' +
      `$d = $f->f_path.dentry; $hit = 0; if ($d->d_sb->s_dev == ${device}) { unroll(8) { ` +
      `$i = $d->d_inode->i_ino; if (${hit.join(' || ')}) { $hit = 1; } $d = $d->d_parent; } } ` +
      `if ($hit) { @f[cgroup] = count(); ${forgetTask} } }`,
  ];
}

/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC and O_TMPFILE: an open with one of them is always shown. */
const writeFlags = '0x400243';

function plainBlocks(context: CallContext): string[] {
  const { call, index, inside } = context;
  const values = numbers(context, 3);
  const only = plainFilter(context);
  const keep = values.map((value, at) => `@n${at}[tid] = ${value};`).join(' ');
  const kept = values.map((_, at) => `@n${at}[tid]`);
  const on = `tracepoint:syscalls:sys_exit_${call.name}`;
  return [
    `tracepoint:syscalls:sys_enter_${call.name} /${inside}${only}/ { @b[tid] = ${index + 1}; ${keep} }`,
    `${on} /@b[tid] == ${index + 1}/ { ${counted} printf("N ${head} %lx %lx %lx %lx %lx", ` +
      `${headValues}, (uint64)${index}, args->ret, ${kept.join(', ')}); ` +
      `delete(@b[tid]); ${kept.map((map) => `delete(${map});`).join(' ')} }`,
  ];
}

/** Sockets only where they can bypass the proxy, clones only where they make namespaces. */
function plainFilter({ call, names }: CallContext): string {
  const first = `(uint64)args->${names[0]}`;
  const mask = `0x${namespaceFlags.toString(16)}`;
  switch (call.name) {
    case 'socket': // AF_PACKET, AF_ALG, AF_VSOCK, AF_XDP, or SOCK_RAW of any family
      return (
        ` && (${first} == 17 || ${first} == 38 || ${first} == 40 || ${first} == 44 || ` +
        `((uint64)args->${names[1]} & 15) == 3)`
      );
    case 'clone': // the lowest byte is the exit signal there
      return ` && (${first} & ${mask.slice(0, -2)}00) != 0`;
    case 'clone3':
      return ` && (*(uint64 *)uptr(${first}) & ${mask}) != 0`;
    default:
      return '';
  }
}

function addressBlocks(context: CallContext, pointer: number): string[] {
  const { call, index, names, inside } = context;
  const argument = `(uint64)args->${names[pointer]}`;
  const fd = low(`args->${names[0]}`);
  const [address, length] =
    call.message === undefined
      ? [argument, `args->${names[call.length ?? 0]}`]
      : [`*(uint64 *)uptr(${argument})`, `*(uint32 *)uptr(${argument} + 8)`];
  const words = (base: string, count: number) =>
    Array.from({ length: count }, (_, word) => `*(uint64 *)uptr(${base} + ${word * 8})`).join(', ');
  const shape = (count: number) => Array.from({ length: count }, () => '%lx').join(' ');
  return [
    `tracepoint:syscalls:sys_enter_${call.name} /${inside}/ { $a = ${address}; if ($a != 0) { ` +
      `@p[tid] = $a; @v[tid] = (${fd} << 32) | ${low(length)}; ` +
      `printf("W %lx ${shape(addressWords)}", tid, ${words('$a', addressWords)}); } }`,
    `tracepoint:syscalls:sys_exit_${call.name} /@p[tid]/ { ${counted} $a = @p[tid]; printf("A ${head} %lx %lx %lx ` +
      `${shape(addressWords)}", ${headValues}, (uint64)${index}, args->ret, @v[tid], ` +
      `${words('$a', addressWords)}); delete(@p[tid]); delete(@v[tid]); }`,
  ];
}

/** Failed executions; a successful one is seen by its scheduler event, with the kernel's own copy. */
function execCallBlocks(name: string, argument: string, inside: string): string[] {
  return [
    `tracepoint:syscalls:sys_enter_${name} /${inside}/ { $a = args->${argument}; ` +
      '@p[tid] = (uint64)$a; printf("T %lx %s", tid, str($a)); }',
    `tracepoint:syscalls:sys_exit_${name} /@p[tid]/ { if (args->ret < 0) { ${counted} ` +
      `printf("E ${head} %lx %lx %lx %s", ${headValues}, (uint64)${specialCalls.execFailed} << 32, ` +
      'args->ret, (uint64)0, str(@p[tid])); } delete(@p[tid]); }',
  ];
}

function lifeBlocks(inside: string): string[] {
  const exec = 'tracepoint:sched:sched_process_exec';
  const from = '$m = curtask->mm; $a = $m->arg_start; $n = $m->arg_end - $a;';
  const pieces = Array.from({ length: argvPieces }, (_, piece) => {
    const start = piece * argvWords * 8;
    const words = Array.from(
      { length: argvWords },
      (_unused, word) => `*(uint64 *)uptr($a + ${start + word * 8})`,
    );
    const shape = words.map(() => '%lx').join(' ');
    return (
      `${exec} /${inside}/ { ${from} if ($n > ${start}) { ` +
      `printf("V %lx %lx ${shape}", tid, ${piece}, ${words.join(', ')}); } }`
    );
  });
  const file = '$f = curtask->mm->exe_file; $d = $f->f_path.dentry; $i = $d->d_inode;';
  return [
    ...pieces,
    `${exec} /${inside}/ { delete(@p[args->old_pid]); ${file} ` +
      'printf("X %lx %lx %s", tid, ((uint64)$i->i_nlink << 32) | $d->d_sb->s_magic, str($d->d_name.name)); }',
    `${exec} /${inside}/ { ${counted} printf("E ${head} %lx %lx %lx %s", ${headValues}, ` +
      `((uint64)${specialCalls.exec} << 32), (uint64)0, ` +
      '((uint64)curtask->mm->arg_end - curtask->mm->arg_start), str(args->filename)); }',
    `tracepoint:task:task_newtask /${inside} && (args->clone_flags & 0x10000) == 0/ { ${counted} ` +
      `printf("N ${head} %lx %lx %lx %lx %lx", ${headValues}, (uint64)${specialCalls.fork}, ` +
      '(uint64)args->pid, (uint64)args->clone_flags, (uint64)0, (uint64)0); }',
    `tracepoint:sched:sched_process_exit /${inside}/ { ${forgetTask} if (args->group_dead) { ` +
      `${counted} printf("N ${head} %lx %lx %lx %lx %lx", ${headValues}, ` +
      `(uint64)${specialCalls.exit}, (uint64)curtask->exit_code, ` +
      '(uint64)curtask->signal->group_exit_code, (uint64)0, (uint64)0); } }',
  ];
}

/** A task killed inside a call never reaches the exit: its entries would fill the maps. */
const forgetTask = ['p', 'q', 't', 'v', 'w', 'b', 'n0', 'n1', 'n2']
  .map((map) => `delete(@${map}[tid]);`)
  .join(' ');

/** A cgroup that is removed takes its counts along, or the maps would fill up. */
function forgetCgroupBlock(processors: number): string {
  const counts = Array.from({ length: processors }, (_, cpu) => `delete(@s[args->id, ${cpu}]);`);
  return `tracepoint:cgroup:cgroup_rmdir { delete(@f[args->id]); ${counts.join(' ')} }`;
}

function fenceBlock(pid: number): string {
  return (
    `tracepoint:syscalls:sys_enter_prctl /pid == ${pid} && args->option == ${fenceOption}/ ` +
    '{ print(@s); print(@f); printf("F %lx %lx", args->arg2, nsecs); }'
  );
}
