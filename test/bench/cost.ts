// What the product's processes cost: CPU time and memory as /proc counts them, by part.
import { readFileSync } from 'node:fs';
import { commandLineOf, descendantsOf, type Part, partOf, parts } from '../world/processes.ts';

/** The supervisor, and the parts that it started; what runs beside them is `other`. */
export type CostPart = Part | 'supervisor' | 'other';

/** One part at one moment. */
export interface Cost {
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Proportional: a page that n processes share counts 1/n in each. */
  readonly pssMb: number;
}

const ticksPerSecond = 100;
const nothing: Cost = { cpuMs: 0, rssMb: 0, pssMb: 0 };

/** Everything below `root`, and `root` itself, by part. */
export function costOf(root: number): Readonly<Record<CostPart, Cost>> {
  const costs: Record<CostPart, Cost> = {
    ...{ core: nothing, engine: nothing, signer: nothing, host: nothing, bpftrace: nothing },
    ...{ supervisor: costOfProcess(root), other: nothing },
  };
  for (const { pid } of descendantsOf(root)) {
    const part = partOf(commandLineOf(pid)) ?? 'other';
    costs[part] = sum([costs[part], costOfProcess(pid)]);
  }
  return costs;
}

/** All parts together. */
export function totalOf(costs: Readonly<Record<CostPart, Cost>>): Cost {
  return sum([...parts, 'supervisor', 'other'].map((part) => costs[toPart(part)]));
}

/** CPU per part between two moments, in percent of one core. */
export function sharesOf(
  before: Readonly<Record<CostPart, Cost>>,
  after: Readonly<Record<CostPart, Cost>>,
  elapsedMs: number,
): string {
  return [...parts, 'supervisor', 'other']
    .map((name) => {
      const part = toPart(name);
      const share = ((after[part].cpuMs - before[part].cpuMs) / elapsedMs) * 100;
      return `${part} ${share.toFixed(share < 10 ? 1 : 0)} %`;
    })
    .join(', ');
}

/** Memory of each part: PSS, and RSS in parentheses, in MB. */
export function memoryOf(costs: Readonly<Record<CostPart, Cost>>): string {
  return Object.entries(costs)
    .map(([part, { pssMb, rssMb }]) => `${part} ${pssMb.toFixed(0)} (${rssMb.toFixed(0)})`)
    .join(', ');
}

function toPart(name: string): CostPart {
  return parts.find((part) => part === name) ?? (name === 'supervisor' ? 'supervisor' : 'other');
}

/** One process; nothing when it is gone. CPU time holds that of children it has waited for. */
export function costOfProcess(pid: number): Cost {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((all, at) => all + Number(fields[at] ?? 0), 0);
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]);
    return {
      cpuMs: (ticks * 1000) / ticksPerSecond,
      rssMb: field('Rss') / 1024,
      pssMb: field('Pss') / 1024,
    };
  } catch {
    return nothing;
  }
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce(
    (all, { cpuMs, rssMb, pssMb }) => ({
      cpuMs: all.cpuMs + cpuMs,
      rssMb: all.rssMb + rssMb,
      pssMb: all.pssMb + pssMb,
    }),
    nothing,
  );
}
