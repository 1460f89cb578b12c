// The tree of processes as rows: paths to findings open, everything else by its size.
import type { SandboxProcess } from '@sandtrail/console/contract/processes';
import type { Severity } from '@sandtrail/schemas/scalars';
import { severities, worstOf } from '../severity/severity-rank.ts';

/** One row of the tree. */
export interface ProcessLine {
  readonly key: string;
  readonly process: SandboxProcess;
  readonly depth: number;
  readonly branch: 'open' | 'folded' | 'none';
  /** Processes under it. */
  readonly inside: number;
  /** The worst finding of its own, and the worst under it. */
  readonly worst: Severity | undefined;
  readonly worstInside: Severity | undefined;
}

interface Node {
  readonly key: string;
  readonly process: SandboxProcess;
  readonly children: Node[];
  inside: number;
  worst: Severity | undefined;
  worstInside: Severity | undefined;
}

const openMax = 12;

/** The rows of `processes`, of which `turned` branches are turned against what they are by themselves. */
export function processLines(
  processes: readonly SandboxProcess[],
  turned: ReadonlySet<string>,
): readonly ProcessLine[] {
  const roots = rootsOf(processes);
  const lines: ProcessLine[] = [];
  const waiting = roots.toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next;
    const { key, process, inside, worst, worstInside } = node;
    const byItself = inside <= openMax || worstInside !== undefined || depth === 0;
    const isOpen = turned.has(key) ? !byItself : byItself;
    const branch = inside === 0 ? 'none' : isOpen ? 'open' : 'folded';
    lines.push({ key, process, depth, branch, inside, worst, worstInside });
    if (branch !== 'open') continue;
    for (const child of node.children.toReversed()) waiting.push({ node: child, depth: depth + 1 });
  }
  return lines;
}

function rootsOf(processes: readonly SandboxProcess[]): readonly Node[] {
  const nodes = new Map(
    processes.map((process): [string, Node] => {
      const key = `${process.pid}-${process.startNs}`;
      const worst = worstOf(severities.filter((severity) => (process.findings[severity] ?? 0) > 0));
      return [key, { key, process, children: [], inside: 0, worst, worstInside: undefined }];
    }),
  );
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const { parent } = node.process;
    const above = parent === null ? undefined : nodes.get(`${parent.pid}-${parent.startNs}`);
    if (above === undefined || above === node) roots.push(node);
    else above.children.push(node);
  }
  // A parent stands before its children in order of first sight, so the sums go up from the end.
  for (const node of [...nodes.values()].reverse()) {
    for (const child of node.children) {
      node.inside += 1 + child.inside;
      node.worstInside = worstOf([node.worstInside, child.worst, child.worstInside]);
    }
  }
  return roots;
}
