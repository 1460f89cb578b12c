// The command line that puts strace in front of a sandbox: which calls it stops at, and how it prints.
import { watchedCalls } from '../kernel/calls.ts';

/** How much of each text strace prints. */
export const straceTextSizeMax = 256;

const lifeCalls = ['execve', 'execveat', 'clone', 'clone3', 'fork', 'vfork'];

/**
 * An argv prefix: everything after it runs under strace, whose output goes to `output` (a FIFO).
 * Numbers are printed raw, and a `?` before each call forgives kernels that do not have it.
 */
export function straceCommand({ output }: { readonly output: string }): readonly string[] {
  const names = new Set([...watchedCalls.map(({ name }) => kernelName(name)), ...lifeCalls]);
  const trace = [...names].map((name) => `?${name}`).join(',');
  return [
    'strace',
    ...['-f', '-ttt', '-yy', '-q', '-s', `${straceTextSizeMax}`, '-X', 'raw'],
    ...['--seccomp-bpf', '--decode-pids=pidns', '-o', output, '-e', `trace=${trace}`, '--'],
  ];
}

/** Tracepoints have their own name for umount2(2). */
function kernelName(name: string): string {
  return name === 'umount' ? 'umount2' : name;
}
