// An event as `sandtrail query --json` prints it and `detect --events` reads it: one flat object.
import { type Body, Body as BodySchema } from '../events.ts';
import { type Header, Header as HeaderSchema, headerFields } from './header.ts';

/** A record's two parts, parsed, with the body's exact text. */
export interface ParsedEvent {
  readonly header: Header;
  readonly body: Body;
  readonly bodyText: string;
}

/** What a query adds to an event: its place in the log and in its chain. */
export const placeFields: readonly string[] = ['chain', 'pos', 'offset'];

/** Joins a header and a body to one flat object: the header's fields first, then the body's. */
export function flattenEvent(headerText: string, bodyText: string): Record<string, unknown> {
  return { ...JSON.parse(headerText), ...JSON.parse(bodyText) };
}

/**
 * Splits a flat object back. Fields keep their order, so a line that `query --json` printed gives
 * the body's exact bytes again. `chain`, `pos` and `offset`, where a query added them, are dropped.
 * Throws a ZodError that names the field when the line does not fit.
 */
export function parseEventLine(line: string): ParsedEvent {
  const flat: Record<string, unknown> = JSON.parse(line);
  const header: Record<string, unknown> = {};
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    if (placeFields.includes(name)) continue;
    const part = headerFields.some((field) => field === name) ? header : body;
    part[name] = value;
  }
  const bodyText = JSON.stringify(body);
  return { header: HeaderSchema.parse(header), body: BodySchema.parse(body), bodyText };
}
