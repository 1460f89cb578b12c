// Reads a finding from a record of the findings topic.
import type { LogRecord } from '@sandtrail/bus/bus';
import { FindingEvent } from '@sandtrail/schemas/events/finding';
import type { Finding } from '@sandtrail/schemas/finding';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import * as z from 'zod';

/**
 * The finding; `other` for a record of another kind (genesis, ticks); undefined for one that may
 * not be acted on: unreadable, or about another sandbox than the gateway bound it to.
 */
export function findingOf({ value }: LogRecord): Finding | 'other' | undefined {
  const frame = decodeFrame(value);
  if (typeof frame === 'string') return undefined;
  const header = Header.safeParse(readJson(frame.header)).data;
  const body = readJson(frame.body);
  if (Kind.safeParse(body).data?.kind.startsWith('control.')) return 'other';
  const finding = FindingEvent.safeParse(body).data?.finding;
  if (header === undefined || finding === undefined) return undefined;
  const isBound = header.sandbox === finding.sandbox && header.incarnation === finding.incarnation;
  return isBound ? finding : undefined;
}

const Kind = z.object({ kind: z.string() });

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    // Not JSON, so no finding; any other failure is not about these bytes.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
