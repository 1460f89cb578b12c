// The keyboard of the console: one listener, and whoever shows something says what its keys do.
import type { Act } from './key-map.ts';
import { actOf } from './key-map.ts';

/** What a page does on a key; what it leaves out falls to whoever stood there before. */
export type KeyActs = Partial<Readonly<Record<Act, () => void>>>;

const prefixMsMax = 1500;
const stack: { current: KeyActs }[] = [];
let prefix = '';
let prefixAtMs = 0;

/** Lets `acts` answer keys until the returned function is called; the newest is asked first. */
export function answerKeys(acts: { current: KeyActs }): () => void {
  stack.push(acts);
  return () => {
    stack.splice(stack.indexOf(acts), 1);
  };
}

/** Runs an act as its key would. False when nothing here answers it. */
export function runAct(act: Act): boolean {
  const answering = stack.findLast(({ current }) => current[act] !== undefined);
  answering?.current[act]?.();
  return answering !== undefined;
}

/** True when something that is shown now answers the act. */
export function isAnswered(act: Act): boolean {
  return stack.some(({ current }) => current[act] !== undefined);
}

/** Listens; returns what ends it. */
export function listenToKeys(): () => void {
  // Before anybody else: a dialog that Escape closes is still there to be seen.
  window.addEventListener('keydown', onKey, true);
  return () => window.removeEventListener('keydown', onKey, true);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Shift' || isElsewhere(event)) return;
  if (event.target instanceof HTMLElement && event.target.matches(fields)) {
    // The one key that a field gives away: back to the rows.
    event.target.blur();
    event.preventDefault();
    return;
  }
  const before = event.timeStamp - prefixAtMs < prefixMsMax ? prefix : '';
  prefix = before === '' && event.key === 'g' ? 'g' : '';
  prefixAtMs = event.timeStamp;
  const act = actOf(event.key, before);
  if (act !== undefined && runAct(act)) event.preventDefault();
}

/** Keys belong to a dialog that is open, to a field that is typed in, and to the button in focus. */
function isElsewhere({ target, key }: KeyboardEvent): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches(fields)) return key !== 'Escape';
  const pressing = key === 'Enter' || key === ' ';
  return pressing && target.closest('button, a, summary') !== null;
}

const fields = 'input, textarea, select';
