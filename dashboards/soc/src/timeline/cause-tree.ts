// Order by cause: which event hangs under which, out of what the rows say of each other.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { rowKey } from './row-key.ts';

/** An event with what followed from it, in order of time. */
export interface CauseNode {
  readonly key: string;
  readonly row: EventRow;
  /** Findings that rest on this event and are shown on its row. */
  readonly findings: EventRow[];
  readonly children: CauseNode[];
  parent: CauseNode | undefined;
}

/** The roots of the tree of `rows`, which are in order of time. */
export function causeTree(rows: readonly EventRow[]): readonly CauseNode[] {
  const known = new Known();
  const roots: CauseNode[] = [];
  const findings: CauseNode[] = [];
  for (const row of rows) {
    const node: CauseNode = {
      key: rowKey(row),
      row,
      findings: [],
      children: [],
      parent: undefined,
    };
    known.bySource.set(sourceOf(row), node);
    if (row.finding !== null) findings.push(node);
  }
  for (const node of findings) showOnEvidence(node, known);
  for (const row of rows) {
    const node = known.bySource.get(sourceOf(row));
    if (node === undefined || known.shown.has(node)) continue;
    const parent = parentOf(row, known);
    if (parent === undefined || isUnder(parent, node)) roots.push(node);
    else {
      node.parent = parent;
      parent.children.push(node);
    }
    known.learn(node);
  }
  return roots;
}

/** What is known while the rows go by. */
class Known {
  readonly bySource = new Map<string, CauseNode>();
  /** Findings that stand on another row, and the row by the finding's id. */
  readonly shown = new Set<CauseNode>();
  readonly byFinding = new Map<string, CauseNode>();
  readonly byRequest = new Map<string, CauseNode>();
  readonly byToolCall = new Map<string, CauseNode>();
  /** By process: where it was made, and its latest program. */
  readonly made = new Map<string, CauseNode>();
  readonly executed = new Map<string, CauseNode>();
  readonly byPid = new Map<number, CauseNode>();
  readonly spoken = new Map<string, CauseNode>();

  learn(node: CauseNode): void {
    const { kind, process, child, toolCall, containment, stream, errno } = node.row;
    if (kind === 'tool.call' && toolCall !== null) this.byToolCall.set(toolCall, node);
    if (kind === 'model.prompt' || kind === 'model.output')
      this.spoken.set(`${kind} ${stream}`, node);
    if (kind === 'containment.requested' && containment !== null) {
      this.byRequest.set(containment.requestId, node);
    }
    if (child !== null) this.made.set(processKey(child.pid, child.startNs), node);
    if (child !== null) this.byPid.set(child.pid, node);
    // A program that could not be executed did nothing.
    if (kind === 'process.exec' && process !== null && errno === null) {
      this.executed.set(processKey(process.pid, process.startNs), node);
      this.byPid.set(process.pid, node);
    }
  }
}

function showOnEvidence(node: CauseNode, known: Known): void {
  const { finding } = node.row;
  if (finding === null) return;
  known.byFinding.set(finding.id, node);
  // The last piece of evidence is the one that decided.
  const last = finding.evidence.findLast(({ stream, seq }) =>
    known.bySource.has(`${stream} ${seq}`),
  );
  const deciding =
    last === undefined ? undefined : known.bySource.get(`${last.stream} ${last.seq}`);
  if (deciding === undefined || deciding.row.finding !== null) return;
  deciding.findings.push(node.row);
  known.shown.add(node);
  known.byFinding.set(finding.id, deciding);
}

function parentOf(row: EventRow, known: Known): CauseNode | undefined {
  const { containment, cause, toolCall, kind, stream } = row;
  if (containment !== null) {
    const requested = known.byRequest.get(containment.requestId);
    if (requested !== undefined) return requested;
    const id = containment.incident?.startsWith('finding:') ? containment.incident.slice(8) : '';
    return known.byFinding.get(id);
  }
  if (cause !== null) {
    const named = known.bySource.get(`${cause.stream} ${cause.seq}`);
    if (named !== undefined) return named;
  }
  if (toolCall !== null && kind !== 'tool.call') return known.byToolCall.get(toolCall);
  if (kind === 'model.output') return known.spoken.get(`model.prompt ${stream}`);
  if (kind === 'tool.call') {
    return known.spoken.get(`model.output ${stream}`) ?? known.spoken.get(`model.prompt ${stream}`);
  }
  return parentByProcess(row, known);
}

function parentByProcess({ kind, process }: EventRow, known: Known): CauseNode | undefined {
  if (process === null) return undefined;
  const own = processKey(process.pid, process.startNs);
  if (kind === 'process.exec') {
    const before = known.executed.get(own) ?? known.made.get(own);
    const parent = process.ppid === null ? undefined : known.byPid.get(process.ppid);
    return before ?? parent;
  }
  return known.executed.get(own) ?? known.made.get(own);
}

function processKey(pid: number, startNs: string | null): string {
  return `${pid} ${startNs ?? ''}`;
}

function sourceOf({ stream, seq }: EventRow): string {
  return `${stream} ${seq}`;
}

/** True when `node` is `other` or hangs somewhere under it: a claimed cause may run in a circle. */
function isUnder(node: CauseNode, other: CauseNode): boolean {
  for (let at: CauseNode | undefined = node; at !== undefined; at = at.parent) {
    if (at === other) return true;
  }
  return false;
}
