// A line of events from another tool: masked as the kit would have, before anything judges or prints it.
import { redactObservation } from '@sandtrail/secrets/redact-observation';
import type { Scanner } from '@sandtrail/secrets/scanner';
import * as z from 'zod';

const Line = z.looseObject({ kind: z.string(), redactions: z.array(z.unknown()).optional() });

/** The line with its secrets masked and named; a line without any stays as it is, byte for byte. */
export function redactLine(scanner: Scanner, text: string): string {
  const parsed = Line.safeParse(parseJson(text));
  if (!parsed.success) return text;
  const { fields, redactions } = redactObservation(scanner, parsed.data);
  if (redactions.length === 0) return text;
  return JSON.stringify({
    ...fields,
    redactions: [...(parsed.data.redactions ?? []), ...redactions],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The detection says what is wrong with the line, and where.
    return undefined;
  }
}
