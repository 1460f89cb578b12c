// A filter over events, as addresses hold it.
import type { Family } from '@sandtrail/console/contract/family';
import { families } from '../family/families.ts';

/** What is absent is not asked for. */
export interface Filter {
  readonly q?: string | undefined;
  /** Families that are left out, joined by commas. */
  readonly without?: string | undefined;
  readonly findings?: 'only' | undefined;
}

/** The families that a filter leaves out. */
export function withoutOf({ without }: Filter): readonly Family[] {
  const named = new Set(without?.split(',') ?? []);
  return families.filter((family) => named.has(family));
}
