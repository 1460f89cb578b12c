// Ticks: a record in each partition of the events topic every few seconds, so that silence is seen.
import type { Counters } from '@sandtrail/runtime/counters';
import { every } from '@sandtrail/runtime/supervise';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import type { OwnRecords } from './own-records.ts';

interface TicksOptions {
  readonly records: OwnRecords;
  readonly counters: Counters;
  readonly eventPartitions: number;
  readonly tickMs: number;
}

const subject = {
  tenant: 'sandtrail',
  sandbox: SandboxUid.parse('control-log'),
  incarnation: 0,
};

/** Writes a tick at once and then every `tickMs` until `signal` aborts. */
export async function runTicks(options: TicksOptions, signal: AbortSignal): Promise<void> {
  await tick(options);
  await every({ ms: options.tickMs, signal }, () => tick(options));
}

async function tick({ records, counters, eventPartitions }: TicksOptions): Promise<void> {
  const partitions = Array.from({ length: eventPartitions }, (_, partition) => partition);
  const written = await Promise.allSettled(
    partitions.map((partition) =>
      records.write({
        place: { topic: 'events', partition },
        collector: `tick-${partition}`,
        subject,
        observation: { kind: 'control.tick' },
      }),
    ),
  );
  // A log that is full or closed is not a reason to stop ticking: the next one may go through.
  const failed = written.filter(({ status }) => status === 'rejected').length;
  counters.add('gateway.ticks', partitions.length - failed);
  if (failed > 0) counters.add('gateway.ticks_failed', failed);
}
