// What a folded branch hides, in words.
import { countText } from '../time/format-time.ts';
import type { Inside } from './visible-rows.ts';

/** `704 inside: 431 file, 38 network`; with one family only, `12 inside`. */
export function insideText({ events, byFamily }: Inside): string {
  const families = Object.entries(byFamily).sort(([, a], [, b]) => b - a);
  const total = `${countText(events)} inside`;
  if (families.length < 2) return total;
  return `${total}: ${families.map(([family, count]) => `${countText(count)} ${family}`).join(', ')}`;
}
