import type { OutgoingRecord, RefusedRecord } from '@sandtrail/kit/shipper';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { controlPlane, serviceRecords } from './service-records.ts';

const Written = z.object({ seq: z.string(), detail: z.string() });
const full = new SandtrailError('DISK_FULL', { detail: 'events-0' });
const lost = new SandtrailError('GATEWAY_UNREACHABLE', { detail: 'the stream was closed' });

/** A log that answers as it is told to, and takes all that comes after. */
function logWith(answer: (turn: number, take: () => void) => readonly RefusedRecord[]) {
  const taken: string[] = [];
  let turn = 0;
  const ship = async (records: readonly OutgoingRecord[]) => {
    const take = () => {
      for (const { body } of records) {
        const { seq, detail } = Written.parse(JSON.parse(body.toString()));
        taken.push(`${seq} ${detail}`);
      }
    };
    turn += 1;
    return answer(turn, take);
  };
  const shipper = { ship, close: async () => undefined };
  const { signal } = new AbortController();
  const record = serviceRecords({ service: 'gateway', node: 'vm', epoch: 1, shipper, signal });
  const tell = (detail: string) =>
    record(controlPlane, {
      ...{ kind: 'control.audit', observedAtNs: '1', actor: 'admin-socket' },
      ...{ act: 'verify', detail, outcome: 'done' },
    });
  return { taken, tell };
}

test('a record that the disk had no room for leaves no hole behind it', async () => {
  const log = logWith((turn, take) => {
    if (turn <= 6) throw full;
    take();
    return [];
  });
  await expect(log.tell('first')).rejects.toMatchObject({ code: 'DISK_FULL' });
  await log.tell('second');
  expect(log.taken).toEqual(['0 second']);
});

test('a record that may have been written is sent again before the next one', async () => {
  const log = logWith((turn, take) => {
    if (turn === 1) take();
    if (turn <= 5) throw lost;
    if (turn === 6) throw full;
    take();
    return [];
  });
  const told = [log.tell('first'), log.tell('second'), log.tell('third')];
  await expect(told[0]).rejects.toMatchObject({ code: 'DISK_FULL' });
  await Promise.all(told.slice(1));
  expect(log.taken).toEqual(['0 first', '0 first', '1 second', '2 third']);
});

test('a record that the gateway refuses is an error, and its number the next one’s', async () => {
  const refused = { index: 0, code: 'CLAIM_OUTSIDE_GRANT', detail: 'no' } as const;
  const log = logWith((turn, take) => {
    if (turn === 1) return [refused];
    take();
    return [];
  });
  await expect(log.tell('first')).rejects.toMatchObject({ code: 'INTERNAL' });
  await log.tell('second');
  expect(log.taken).toEqual(['0 second']);
});

test('records that wait for their turn are bounded', async () => {
  const log = logWith((_turn, take) => {
    take();
    return [];
  });
  const told = Array.from({ length: 1030 }, (_, at) => log.tell(`${at}`));
  const results = await Promise.allSettled(told);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(6);
  expect(log.taken).toHaveLength(1024);
});
