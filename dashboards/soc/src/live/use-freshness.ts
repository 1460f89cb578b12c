// What the feed says makes stored answers old: they are asked for again, at most once a second.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useFeedRows } from './feed-context.ts';

const everyMs = 1000;

/** Asks again for what new findings, acts and containments touch. */
export function useFreshness(): void {
  const queries = useQueryClient();
  const old = useRef(new Set<string>());
  useFeedRows((rows) => {
    for (const row of rows) for (const key of touchedBy(row)) old.current.add(key);
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const keys = [...old.current];
      old.current.clear();
      for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
    }, everyMs);
    return () => clearInterval(timer);
  }, [queries]);
}

function touchedBy({ kind }: EventRow): readonly string[] {
  if (kind === 'finding' || kind === 'control.alert') return ['alerts', 'sandboxes'];
  if (kind.startsWith('containment.')) return ['containment', 'sandboxes', 'alerts'];
  if (kind.startsWith('sandbox.')) return ['sandboxes'];
  return [];
}
