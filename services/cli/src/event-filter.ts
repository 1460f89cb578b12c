// The options by which `query`, `tail` and `export` choose events.
import type { VerbContext, VerbOption } from './verb.ts';

/** Options of every verb that chooses events. */
export const filterOptions: Readonly<Record<string, VerbOption>> = {
  sandbox: { type: 'string', value: 'UID', help: 'only this sandbox' },
  kind: { type: 'string', value: 'KIND', help: 'only this kind, or family with a trailing `.`' },
  text: { type: 'string', value: 'TEXT', help: 'only events that contain this text' },
};

/** Options that only make sense for what is stored. */
export const rangeOptions: Readonly<Record<string, VerbOption>> = {
  since: {
    type: 'string',
    value: 'TIME',
    help: 'not before this time: RFC 3339, or 15m, 2h, 1d ago',
  },
  until: { type: 'string', value: 'TIME', help: 'before this time' },
  limit: { type: 'string', value: 'N', help: 'at most so many events (default 1000)' },
};

const unitMs: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** The filter that the options describe, for the admin socket. */
export function chosenFilter({ options }: VerbContext, nowMs: number): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const name of ['sandbox', 'kind', 'text', 'limit']) {
    const value = options.get(name);
    if (value !== undefined) filter[name] = value;
  }
  for (const name of ['since', 'until']) {
    const value = options.get(name);
    if (value !== undefined) filter[name] = momentOf(value, nowMs);
  }
  return filter;
}

function momentOf(text: string, nowMs: number): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago === null) return text;
  return new Date(nowMs - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? 0)).toISOString();
}
