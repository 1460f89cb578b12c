// The theme and the density, remembered on this machine; the first paint reads them from before.js.
import { useSyncExternalStore } from 'react';

export type Theme = 'dark' | 'light';

const element = document.documentElement;

function follow(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(element, { attributeFilter: ['data-mantine-color-scheme'] });
  return () => observer.disconnect();
}

/** The theme now. */
export function useTheme(): Theme {
  return useSyncExternalStore(follow, () =>
    element.dataset['mantineColorScheme'] === 'light' ? 'light' : 'dark',
  );
}

/** Changes the theme and remembers it. */
export function setTheme(theme: Theme): void {
  element.dataset['mantineColorScheme'] = theme;
  localStorage.setItem('theme', theme);
}

/** Takes the next of compact, normal and roomy rows, and remembers it. */
export function nextDensity(): void {
  const order = ['compact', 'normal', 'roomy'];
  const at = order.indexOf(element.dataset['density'] ?? 'normal');
  const density = order[(at + 1) % order.length] ?? 'normal';
  element.dataset['density'] = density;
  localStorage.setItem('density', density);
}
