// Where a finding began: the record that decided it, with its times along the way.
import type { LogRecord } from '@sandtrail/bus/bus';
import { Body } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import * as z from 'zod';

/** The record that decided. It is told beside the finding and never in it: findings know no log. */
export const Origin = z.strictObject({
  offset: z.bigint(),
  timeNs: z.bigint(),
  observedAtNs: z.bigint(),
  receivedAtNs: z.bigint(),
  appendedAtMs: z.number(),
});
export type Origin = z.infer<typeof Origin>;

/** The origin of what a record led to; the record was judged, so it can be read. */
export function originOf({ offset, appendedAtMs, value }: LogRecord): Origin {
  const frame = decodeFrame(value);
  if (typeof frame === 'string') throw new TypeError(frame);
  const { timeNs, receivedAtNs } = Header.parse(jsonOf(frame.header));
  const { observedAtNs } = Body.parse(jsonOf(frame.body));
  return { offset, timeNs, observedAtNs, receivedAtNs, appendedAtMs };
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
