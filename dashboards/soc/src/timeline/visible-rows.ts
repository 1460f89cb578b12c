// The rows that a list shows: branches open or folded with what they hide, like events run together.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import type { Severity } from '@sandtrail/schemas/scalars';
import { worstOf } from '../severity/severity-rank.ts';
import type { CauseNode } from './cause-tree.ts';
import { compareDigits, compareRows } from './row-order.ts';

/** What a branch hides where it is folded. */
export interface Inside {
  readonly events: number;
  readonly byFamily: Readonly<Record<string, number>>;
  /** The worst finding in it; a fold that hides one says so. */
  readonly worst: Severity | undefined;
}

/** One row of the list. */
export interface VisibleRow {
  readonly key: string;
  readonly row: EventRow;
  readonly depth: number;
  readonly branch: 'open' | 'folded' | 'none';
  readonly inside: Inside;
  /** Findings that rest on it, worst first. */
  readonly findings: readonly EventRow[];
  /** Like events that this row stands for; 1 for itself alone. */
  readonly times: number;
  /** It is older than the row above it: the clock runs backwards here. */
  readonly isOlder: boolean;
}

/** What of the tree is shown. */
export interface Visibility {
  /** Keys of branches that a person turned against what they were by themselves. */
  readonly turned: ReadonlySet<string>;
  /** False for rows that the filter leaves out; what leads to a match is shown all the same. */
  readonly matches: (row: EventRow, findings: readonly EventRow[]) => boolean;
  /** With a filter everything that leads to a match is open. */
  readonly isFiltered: boolean;
}

const openEventsMax = 12;
const openWithFindingMax = 2000;
const nothing: Inside = { events: 0, byFamily: {}, worst: undefined };

/** The rows by cause. */
export function rowsByCause(
  roots: readonly CauseNode[],
  visibility: Visibility,
): readonly VisibleRow[] {
  const listing: Listing = { visibility, insides: new Map(), shown: new Set(), rows: [] };
  for (const node of nodesByTime(roots).toReversed()) measure(node, listing);
  list(roots, 0, listing);
  return listing.rows;
}

/** The rows by time. */
export function rowsByTime(
  nodes: readonly CauseNode[],
  { matches }: Visibility,
): readonly VisibleRow[] {
  return nodes
    .filter(({ row, findings }) => matches(row, findings))
    .map(({ key, row, findings }) => ({
      ...{ key, row, findings, depth: 0, times: 1, isOlder: false, inside: nothing },
      branch: 'none',
    }));
}

/** All nodes of a tree, in order of time. */
export function nodesByTime(roots: readonly CauseNode[]): readonly CauseNode[] {
  const nodes: CauseNode[] = [];
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    for (const child of node.children) waiting.push(child);
  }
  return nodes.sort((a, b) => compareRows(a.row, b.row));
}

interface Listing {
  readonly visibility: Visibility;
  readonly insides: Map<CauseNode, Inside>;
  /** Nodes that match or lead to a match. */
  readonly shown: Set<CauseNode>;
  readonly rows: VisibleRow[];
}

/** Counts what hangs under a node. Children may be older than it, so each asks for its own. */
function measure(node: CauseNode, listing: Listing): Inside {
  const known = listing.insides.get(node);
  if (known !== undefined) return known;
  const byFamily: Record<string, number> = {};
  const found: (Severity | undefined)[] = [];
  let events = 0;
  for (const child of node.children) {
    const inside = measure(child, listing);
    if (!listing.shown.has(child)) continue;
    events += 1 + inside.events;
    byFamily[child.row.family] = (byFamily[child.row.family] ?? 0) + 1;
    for (const [family, count] of Object.entries(inside.byFamily)) {
      byFamily[family] = (byFamily[family] ?? 0) + count;
    }
    found.push(inside.worst, severityOf(child));
  }
  const inside = events === 0 ? nothing : { events, byFamily, worst: worstOf(found) };
  listing.insides.set(node, inside);
  const matches = listing.visibility.matches(node.row, node.findings);
  if (matches || events > 0) listing.shown.add(node);
  return inside;
}

/** The worst finding that is shown on a node's row. */
function severityOf({ row, findings }: CauseNode): Severity | undefined {
  return worstOf([row.finding?.severity, ...findings.map(({ finding }) => finding?.severity)]);
}

/** Depth first with a stack of its own: a chain of causes may be as long as the log. */
function list(roots: readonly CauseNode[], from: number, listing: Listing): void {
  const waiting = grouped(roots, from, listing);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth, times } = next;
    const inside = listing.insides.get(node) ?? nothing;
    const isOpen = inside.events > 0 && isBranchOpen(node, inside, listing.visibility);
    const above = listing.rows.at(-1);
    listing.rows.push({
      ...{ key: node.key, row: node.row, depth, times, inside },
      branch: inside.events === 0 ? 'none' : isOpen ? 'open' : 'folded',
      findings: node.findings,
      isOlder: above !== undefined && compareDigits(node.row.timeNs, above.row.timeNs) < 0,
    });
    if (isOpen) for (const each of grouped(node.children, depth + 1, listing)) waiting.push(each);
  }
}

interface Waiting {
  readonly node: CauseNode;
  readonly depth: number;
  readonly times: number;
}

/** The shown ones of `nodes`, last first, with runs of like leaves as one. */
function grouped(nodes: readonly CauseNode[], depth: number, listing: Listing): Waiting[] {
  const groups: { node: CauseNode; depth: number; times: number }[] = [];
  for (const node of nodes) {
    if (!listing.shown.has(node)) continue;
    const before = groups.at(-1);
    if (
      before !== undefined &&
      areLike(before.node, node) &&
      !listing.visibility.turned.has(before.node.key)
    ) {
      before.times += 1;
    } else groups.push({ node, depth, times: 1 });
  }
  return groups.reverse();
}

function areLike(a: CauseNode, b: CauseNode): boolean {
  const areLeaves = a.children.length === 0 && b.children.length === 0;
  const arePlain = a.findings.length === 0 && b.findings.length === 0 && a.row.finding === null;
  if (!areLeaves || !arePlain || a.row.containment !== null) return false;
  const isSame = a.row.kind === b.row.kind && a.row.summary === b.row.summary;
  return isSame && a.row.isDenied === b.row.isDenied && a.row.errno === b.row.errno;
}

/** By itself a branch is open when little hangs under it, or when it leads to a finding. */
function isBranchOpen({ key, row }: CauseNode, inside: Inside, visibility: Visibility): boolean {
  const leads = inside.worst !== undefined || row.family === 'agent';
  const eventsMax = leads ? openWithFindingMax : openEventsMax;
  const isOpen = visibility.isFiltered || inside.events <= eventsMax || row.family === 'agent';
  return visibility.turned.has(key) ? !isOpen : isOpen;
}
