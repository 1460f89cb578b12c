// The core's word on the whole product: `/metrics`, with how far sealing is behind the log.
import type { LogReader } from '@sandtrail/bus/bus';
import type { Forwarder } from '@sandtrail/forwarder/forwarder';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import type { Sealer } from '@sandtrail/sealer/sealer';
import { destinationTotal, ForwardStatus } from './forward-status.ts';
import { startMetricsServer } from './metrics-server.ts';
import type { ProcessSurroundings, Running } from './role.ts';

interface Parts {
  readonly bus: Pick<LogReader, 'bounds'>;
  readonly sealer: Pick<Sealer, 'status'>;
  readonly forwarder: Pick<Forwarder, 'status'>;
}

const nothing: Running = { close: async () => undefined };

/** Serves them where the configuration says so. @throws SandtrailError `LISTEN_REFUSED` */
export async function startOwnMetrics(
  surroundings: ProcessSurroundings,
  parts: Parts,
): Promise<Running> {
  const { configuration, counters, log } = surroundings;
  const { prometheus } = configuration.telemetry;
  if (prometheus === undefined) return nothing;
  const metrics = () => withBacklog(surroundings, parts);
  return startMetricsServer({ ...prometheus, metrics, counters, log: log.child('metrics') });
}

/** This process comes first; its gauges get the backlog of each place of the log. */
async function withBacklog(surroundings: ProcessSurroundings, parts: Parts) {
  const [metrics, backlog] = await Promise.all([surroundings.metrics(), backlogOf(parts)]);
  const [own, ...others] = metrics;
  if (own === undefined) return others;
  return [{ ...own, gauges: { ...own.gauges, ...backlog } }, ...others];
}

async function backlogOf({ bus, sealer, forwarder }: Parts): Promise<ProcessMetrics['gauges']> {
  const gauges: Record<string, number> = {};
  for (const { place, sealedTo, stopped } of sealer.status()) {
    const name = `${place.topic}-${place.partition}`;
    const { next } = await bus.bounds(place);
    gauges[`sealer.behind_records{${name}}`] = Number(next - sealedTo);
    gauges[`sealer.chain_stopped{${name}}`] = stopped ? 1 : 0;
  }
  for (const destination of ForwardStatus.parse(await forwarder.status())) {
    const { lagRows, state } = destinationTotal(destination);
    gauges[`forward.behind_records{${destination.name}}`] = lagRows;
    gauges[`forward.down{${destination.name}}`] = state === 'flowing' ? 0 : 1;
  }
  return gauges;
}
