// The headers for the OTLP receiver: read by the supervisor, told to each process over its channel.
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import type { Configuration } from './configuration.ts';

const headersMax = 16;

/** Names and values; a value is most often a secret. */
export const TelemetryHeaders = z
  .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.string().regex(/^[\t -~]{1,4096}$/))
  .refine((headers) => Object.keys(headers).length <= headersMax, `at most ${headersMax} headers`);
export type TelemetryHeaders = z.infer<typeof TelemetryHeaders>;

/** @throws SandtrailError `KEY_UNUSABLE` when others may read the file, or it is not of that form */
export function readTelemetryHeaders({ telemetry }: Configuration): TelemetryHeaders {
  const file = telemetry.otlp?.headersFile;
  if (file === undefined) return {};
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error('its mode is not 0600');
    const lines = readFileSync(file, 'utf8').split('\n');
    const pairs = lines.filter((line) => line.trim() !== '').map(pairOf);
    return TelemetryHeaders.parse(Object.fromEntries(pairs));
  } catch (error) {
    // A ZodError shows no value, and a malformed line is not quoted either.
    const detail = error instanceof z.ZodError ? 'a header is not one' : String(error);
    throw new SandtrailError('KEY_UNUSABLE', { detail: `${file}: ${detail}` });
  }
}

/** What the supervisor tells a process that it started. */
export async function toldTelemetryHeaders(signal: AbortSignal): Promise<TelemetryHeaders> {
  for (;;) {
    const [message] = await once(process, 'message', { signal });
    const told = z.object({ telemetryHeaders: TelemetryHeaders }).safeParse(message);
    if (told.success) return told.data.telemetryHeaders;
  }
}

function pairOf(line: string): readonly [string, string] {
  const at = line.indexOf(':');
  if (at < 1) throw new Error('a line is not "name: value"');
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
