// Where a running gVisor sandbox keeps its state, as its own first process was told on the command line.
import { readFileSync } from 'node:fs';

/** The value of `--root` in the sandbox process's words; `undefined` when it is none or gone. */
export function runscRootOf(sandboxPid: number): string | undefined {
  const words = readWords(sandboxPid);
  const isSandbox = words.includes('boot') && /(?:^|\/)runsc/.test(words[0] ?? '');
  const root = isSandbox ? words.find((word) => word.startsWith('--root=')) : undefined;
  return root?.slice('--root='.length);
}

function readWords(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
