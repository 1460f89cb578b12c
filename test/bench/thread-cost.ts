// CPU time of a process by its threads: which of them is the bottleneck.
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU seconds by the name of the thread; threads of one name together, the first one as `main`. */
export type ThreadCosts = ReadonlyMap<string, number>;

/** What the threads of a process have used; nothing when it is gone. */
export function threadCosts(pid: number): ThreadCosts {
  const costs = new Map<string, number>();
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
      const end = stat.lastIndexOf(')');
      const name = task === `${pid}` ? 'main' : stat.slice(stat.indexOf('(') + 1, end);
      const [user = 0, system = 0] = stat
        .slice(end + 2)
        .split(' ')
        .slice(11, 13)
        .map(Number);
      costs.set(name, (costs.get(name) ?? 0) + (user + system) / ticksPerSecond);
    }
  } catch {
    // A process or a thread that ends meanwhile has nothing to tell.
  }
  return costs;
}

/** The costs between two moments for each 100,000 of `records`, the dearest first, as text. */
export function perRecords(before: ThreadCosts, after: ThreadCosts, records: number): string {
  return [...after]
    .map(([name, s]) => [name, ((s - (before.get(name) ?? 0)) / records) * 100_000] as const)
    .filter(([, s]) => s >= 0.01)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, s]) => `${name} ${s.toFixed(2)} s`)
    .join(', ');
}
