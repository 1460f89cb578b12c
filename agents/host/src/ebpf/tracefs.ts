// What this kernel offers to the sensor: tracepoints with their arguments, directories by inode.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { KernelDirectory } from './program.ts';

/** Where tracefs lists the kernel's tracepoints. */
export const tracefsPath = '/sys/kernel/tracing';

/** Mounts tracefs where it is not; returns whether it is there now. */
export function ensureTracefs(): boolean {
  if (existsSync(`${tracefsPath}/events`)) return true;
  spawnSync('mount', ['-t', 'tracefs', 'tracefs', tracefsPath]);
  return existsSync(`${tracefsPath}/events`);
}

/** A tracepoint's own arguments in order, or `undefined` where the kernel has none such. */
export function tracepointArguments(tracepoint: string): readonly string[] | undefined {
  const path = `${tracefsPath}/events/${tracepoint}/format`;
  if (!existsSync(path)) return undefined;
  const fields = [...readFileSync(path, 'utf8').matchAll(/field:[^;]*?(\w+)(?:\[\d*\])?;/g)];
  return fields
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('common_') && name !== '__syscall_nr');
}

/** The names in the types of a tracepoint's fields, typedefs among them; not those of structures. */
export function tracepointTypes(tracepoint: string): readonly string[] {
  const format = readFileSync(`${tracefsPath}/events/${tracepoint}/format`, 'utf8');
  return [...format.matchAll(/field:([^;]*?)\w+(?:\[\d*\])?;/g)].flatMap(
    ([, type = '']) => type.replaceAll(/(?:struct|union|enum) \w+/g, '').match(/\w+/g) ?? [],
  );
}

/** A directory as the kernel names it, or `undefined` when there is none. */
export function kernelDirectory(path: string): KernelDirectory | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  // glibc spreads major and minor over 64 bits; the kernel keeps `major << 20 | minor`.
  const major = ((stat.dev >> 8n) & 0xfffn) | ((stat.dev >> 32n) & ~0xfffn);
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & ~0xffn);
  return { device: (major << 20n) | minor, inode: stat.ino };
}
