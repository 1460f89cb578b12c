// What the running product says of itself: how far it has sealed and judged, by its admin socket.

import path from 'node:path';
import { callAdmin } from '@sandtrail/local/admin-client';
import { createCounters } from '@sandtrail/runtime/counters';
import { connectReader } from '@sandtrail/store/open-store';
import * as z from 'zod';
import type { TestProduct } from '../world/product.ts';

const Status = z.looseObject({
  sealed: z.array(
    z.looseObject({
      place: z.strictObject({ topic: z.string(), partition: z.number() }),
      sealedTo: z.coerce.number(),
    }),
  ),
  counters: z.record(z.string(), z.coerce.number()),
});

/** Records so far, over all events partitions and since the start. */
export interface Progress {
  readonly sealed: number;
  readonly judged: number;
  readonly findings: number;
  readonly refused: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** How far the product is. */
export async function progressOf({ layout }: TestProduct): Promise<Progress> {
  const answer = await callAdmin({
    socket: layout.adminSocket,
    method: 'GET',
    path: '/v1/status',
  });
  const { sealed, counters } = Status.parse(answer);
  const sum = (prefix: string) =>
    Object.entries(counters)
      .filter(([name]) => name === prefix || name.startsWith(`${prefix}{`))
      .reduce((all, [, count]) => all + count, 0);
  return {
    sealed: sealed
      .filter(({ place }) => place.topic === 'events')
      .reduce((all, { sealedTo }) => all + sealedTo, 0),
    judged: sum('detector.judged'),
    findings: sum('detector.findings'),
    refused: sum('gateway.refused'),
    counters,
  };
}

/** Queries of the store as the signer may make them: read-only, and not on the record. */
export function openRows({ layout }: TestProduct) {
  const counters = createCounters();
  const reader = connectReader({
    target: { socketPath: path.join(layout.runSigner, 'read.sock') },
    counters,
  });
  return {
    /** The one number that a query selects, by the name `n`. */
    async count(sql: string): Promise<number> {
      for await (const line of reader.query(sql)) return Row.parse(JSON.parse(line)).n;
      return 0;
    },
    close: () => reader.close(),
  };
}

const Row = z.object({ n: z.coerce.number() });
