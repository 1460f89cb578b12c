// A row's name within a page and in addresses: its chain and its position.
import type { SealPlace } from '@sandtrail/console/contract/scalars';

/** The same for ever: a record never changes its place. */
export function rowKey({ chain, pos }: SealPlace): string {
  return `${chain}.${pos}`;
}

/** The place that a key names; undefined for what is no key. */
export function placeOf(key: string | undefined): SealPlace | undefined {
  const [, chain, pos] = /^([0-9a-f]{64})\.(\d{1,20})$/.exec(key ?? '') ?? [];
  return chain === undefined || pos === undefined ? undefined : { chain, pos };
}
