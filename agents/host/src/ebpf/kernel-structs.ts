// The kernel's structures as the program needs them: a few members at their true places.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Btf } from './btf.ts';

/** Each structure with the members that the program reads; one inside another comes before it. */
const wanted = `
qstr name
path dentry
dentry d_name d_parent d_inode d_sb
inode i_ino i_nlink
super_block s_dev s_magic
file f_path
fdtable fd
files_struct fdt
mm_struct arg_start arg_end exe_file
signal_struct group_exit_code
kernfs_node __parent id
cgroup kn
css_set dfl_cgrp
task_struct cgroups group_leader real_parent tgid start_boottime mm files exit_code signal
`;

/**
 * Declares the structures in C, and those of `names` that are typedefs.
 * @throws SandtrailError `SENSOR_UNAVAILABLE` when this kernel has no such structure or member
 */
export function declareStructs(btf: Btf, names: readonly string[]): string {
  // bpftrace 0.17 reads no typedef of a number, but leaves what begins with # to its C parser.
  const aliases = names.flatMap((name) => {
    const type = btf.typedef(name);
    return type === undefined ? [] : [`#define ${name} ${btf.c(type)}`];
  });
  const structs = wanted
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', ...members] = line.split(' ');
      return declareStruct(btf, name, members);
    });
  return [...aliases, ...structs, ''].join('\n');
}

function declareStruct(btf: Btf, name: string, names: readonly string[]): string {
  const type = btf.struct(name);
  if (type === undefined) throw absent(`struct ${name}`);
  const all = btf.members(type);
  const members = names.map((each) => {
    const found = all.find((member) => member.name === each);
    if (found === undefined) throw absent(`struct ${name}'s ${each}`);
    return found;
  });
  let end = 0;
  const lines = members
    .toSorted((a, b) => a.offsetBytes - b.offsetBytes)
    .map((member) => {
      const gap = padding(end, member.offsetBytes);
      end = member.offsetBytes + btf.sizeBytes(member.type);
      return `${gap}${btf.c(member.type)} ${member.name};`;
    });
  return `struct ${name} { ${lines.join(' ')} ${padding(end, btf.sizeBytes(type))}};`;
}

function padding(from: number, to: number): string {
  return to === from ? '' : `char pad_${from}[${to - from}]; `;
}

function absent(what: string): SandtrailError {
  return new SandtrailError('SENSOR_UNAVAILABLE', { detail: `this kernel's BTF has no ${what}` });
}
