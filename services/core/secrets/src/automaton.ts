// An Aho-Corasick automaton over keywords: one table look-up for each character, however many keywords.
// (Aho and Corasick, "Efficient string matching", CACM 18:6, 1975.)

/** The automaton as flat tables. A state is the index of its row; those from `accepting` on end a keyword. */
export interface Automaton {
  /** Column of an ASCII character, upper case folded to lower; 0 for those in no keyword. */
  readonly columnOf: Uint8Array;
  readonly next: Int32Array;
  readonly accepting: number;
  readonly width: number;
  /** Keywords that end in the state `accepting + i * width`. */
  readonly endings: readonly (readonly number[])[];
}

interface Node {
  readonly children: Map<number, number>;
  fail: number;
  endings: number[];
}

/** Builds the automaton of ASCII keywords in lower case; the numbers of `endings` are their indices. */
export function buildAutomaton(keywords: readonly string[]): Automaton {
  const { columnOf, width } = numberColumns(keywords);
  const nodes = buildTrie(keywords, columnOf);
  const order = linkFailures(nodes);
  // Accepting states come last, so that the hot loop needs one comparison to see a keyword's end.
  const plain = order.filter((id) => nodes[id]?.endings.length === 0);
  const accepting = order.filter((id) => (nodes[id]?.endings.length ?? 0) > 0);
  const row = new Map([...plain, ...accepting].map((id, place) => [id, place * width]));
  const next = new Int32Array(nodes.length * width);
  for (const id of order) {
    const node = nodes[id];
    const fail = node === undefined || id === 0 ? 0 : (row.get(node.fail) ?? 0);
    for (let column = 0; column < width; column += 1) {
      const child = node?.children.get(column);
      const target = child === undefined ? (id === 0 ? 0 : next[fail + column]) : row.get(child);
      next[(row.get(id) ?? 0) + column] = target ?? 0;
    }
  }
  const endings = accepting.map((id) => nodes[id]?.endings ?? []);
  return { columnOf, next, accepting: plain.length * width, width, endings };
}

function numberColumns(keywords: readonly string[]) {
  const columnOf = new Uint8Array(128);
  let width = 1;
  for (const keyword of keywords) {
    for (let at = 0; at < keyword.length; at += 1) {
      const code = keyword.charCodeAt(at);
      if (columnOf[code] !== 0) continue;
      columnOf[code] = width;
      const isLetter = code >= 97 && code <= 122;
      if (isLetter) columnOf[code - 32] = width;
      width += 1;
    }
  }
  return { columnOf, width };
}

function buildTrie(keywords: readonly string[], columnOf: Uint8Array): Node[] {
  const nodes: Node[] = [{ children: new Map(), fail: 0, endings: [] }];
  keywords.forEach((keyword, index) => {
    let node = nodes[0];
    for (let at = 0; at < keyword.length && node !== undefined; at += 1) {
      const column = columnOf[keyword.charCodeAt(at)] ?? 0;
      let child = node.children.get(column);
      if (child === undefined) {
        child = nodes.push({ children: new Map(), fail: 0, endings: [] }) - 1;
        node.children.set(column, child);
      }
      node = nodes[child];
    }
    node?.endings.push(index);
  });
  return nodes;
}

/** Sets each node's failure link, gathers endings along it, and returns the ids breadth first. */
function linkFailures(nodes: readonly Node[]): readonly number[] {
  const order = [0];
  for (const id of order) {
    const node = nodes[id];
    if (node === undefined) continue;
    for (const [column, child] of node.children) {
      const target = nodes[child];
      if (target === undefined) continue;
      target.fail = id === 0 ? 0 : follow(nodes, node.fail, column);
      target.endings = [...target.endings, ...(nodes[target.fail]?.endings ?? [])];
      order.push(child);
    }
  }
  return order;
}

function follow(nodes: readonly Node[], from: number, column: number): number {
  let at = from;
  for (;;) {
    const child = nodes[at]?.children.get(column);
    if (child !== undefined) return child;
    if (at === 0) return 0;
    at = nodes[at]?.fail ?? 0;
  }
}
