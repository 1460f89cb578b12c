// The keys of the console, once: what acts on them, what `?` shows and what Ctrl K lists.

/** One act that has a key. */
export interface KeyAct {
  readonly act: string;
  /** As `KeyboardEvent.key`; `g a` is two keys one after the other. */
  readonly keys: readonly string[];
  readonly words: string;
  readonly group: 'Rows' | 'View' | 'Alerts' | 'Go to';
}

/** All keys. Nothing that destroys runs to its end on one of them. */
export const keyMap = [
  { act: 'next-row', keys: ['j', 'ArrowDown'], words: 'Next row', group: 'Rows' },
  { act: 'previous-row', keys: ['k', 'ArrowUp'], words: 'Previous row', group: 'Rows' },
  { act: 'next-page', keys: ['PageDown'], words: 'A page down', group: 'Rows' },
  { act: 'previous-page', keys: ['PageUp'], words: 'A page up', group: 'Rows' },
  { act: 'close-branch', keys: ['h', 'ArrowLeft'], words: 'Close the branch', group: 'Rows' },
  { act: 'open-branch', keys: ['l', 'ArrowRight'], words: 'Open the branch', group: 'Rows' },
  { act: 'open-panel', keys: ['Enter'], words: 'Open the panel', group: 'Rows' },
  { act: 'next-finding', keys: ['n'], words: 'Next finding', group: 'Rows' },
  { act: 'previous-finding', keys: ['p'], words: 'Previous finding', group: 'Rows' },
  { act: 'select', keys: ['x'], words: 'Select the row', group: 'Rows' },
  { act: 'select-range', keys: ['X'], words: 'Select up to the row', group: 'Rows' },
  { act: 'filter', keys: ['/'], words: 'Filter', group: 'View' },
  { act: 'order', keys: ['t'], words: 'By cause or by time', group: 'View' },
  { act: 'pause', keys: [' '], words: 'Pause or go on', group: 'View' },
  { act: 'newest', keys: ['G'], words: 'Newest row, and follow', group: 'View' },
  { act: 'copy-link', keys: ['y'], words: 'Copy the link', group: 'View' },
  { act: 'keys', keys: ['?'], words: 'These keys', group: 'View' },
  { act: 'back', keys: ['Escape'], words: 'Back one step', group: 'View' },
  { act: 'acknowledge', keys: ['a'], words: 'Acknowledge', group: 'Alerts' },
  { act: 'assign', keys: ['e'], words: 'Assign', group: 'Alerts' },
  { act: 'close', keys: ['v'], words: 'Close with a verdict', group: 'Alerts' },
  { act: 'contain', keys: ['c'], words: 'Contain the sandbox…', group: 'Alerts' },
  { act: 'go-alerts', keys: ['g a'], words: 'Alerts', group: 'Go to' },
  { act: 'go-live', keys: ['g l'], words: 'Live', group: 'Go to' },
  { act: 'go-sandboxes', keys: ['g s'], words: 'Sandboxes', group: 'Go to' },
  { act: 'go-containment', keys: ['g c'], words: 'Containment', group: 'Go to' },
  { act: 'go-integrity', keys: ['g i'], words: 'Integrity', group: 'Go to' },
] as const satisfies readonly KeyAct[];

/** The name of an act that has a key. */
export type Act = (typeof keyMap)[number]['act'];

/** How a key is written for a person. */
export function keyText(key: string): string {
  const written: Readonly<Record<string, string>> = {
    ' ': 'Space',
    ArrowDown: '↓',
    ArrowUp: '↑',
    ArrowLeft: '←',
    ArrowRight: '→',
    Escape: 'Esc',
    X: 'Shift x',
  };
  return written[key] ?? key;
}

const byKey: ReadonlyMap<string, Act> = new Map(
  keyMap.flatMap(({ act, keys }) => keys.map((key) => [key, act] as const)),
);

/** The act of a key after what was pressed before it (`g` or nothing). */
export function actOf(key: string, before: string): Act | undefined {
  return byKey.get(before === '' ? key : `${before} ${key}`);
}
