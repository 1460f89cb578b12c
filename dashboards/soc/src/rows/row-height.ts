// The height of a row in pixels: fixed, and the same in CSS and for the virtualiser.
import { useSyncExternalStore } from 'react';

const narrow = matchMedia('(max-width: 720px)');
const heights: Readonly<Record<string, number>> = { compact: 24, normal: 28, roomy: 36 };
const narrowHeight = 48;

function follow(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-density'] });
  narrow.addEventListener('change', listener);
  return () => {
    observer.disconnect();
    narrow.removeEventListener('change', listener);
  };
}

function rowHeight(): number {
  const density = document.documentElement.dataset['density'] ?? 'normal';
  return narrow.matches ? narrowHeight : (heights[density] ?? 28);
}

/** The height of a row now: 28, 24 compact, 36 roomy, 48 on narrow screens. */
export function useRowHeight(): number {
  return useSyncExternalStore(follow, rowHeight);
}

/** True on screens that are too narrow for a panel beside the list. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(follow, () => narrow.matches);
}
