// Opens the log that the configuration names: the embedded one, or topics of a Kafka cluster.
import type { Bus } from '@sandtrail/bus/bus';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import type { ProcessSurroundings } from './role.ts';

/** The name of the embedded log: part of every chain's identity. Kafka's has the cluster's in it. */
const embeddedName = 'sandtrail';

/** A log, and how to let go of what is old; undefined where the log keeps to a retention of its own. */
export interface OpenedLog {
  readonly bus: Bus;
  readonly release: EmbeddedBus['release'] | undefined;
}

/**
 * Opens the log. A cluster that does not answer is waited for, and the supervisor is told so.
 * @throws SandtrailError as `openEmbeddedBus` and `openKafkaBus`
 */
export async function openLog(surroundings: ProcessSurroundings): Promise<OpenedLog> {
  const { layout, configuration, clock, random, counters, log, waiting } = surroundings;
  const settings = configuration.bus;
  if (settings === 'embedded') {
    const around = { clock, random, counters };
    const bus = await openEmbeddedBus({ dir: layout.bus, log: embeddedName, ...around });
    return { bus, release: (place, before) => bus.release(place, before) };
  }
  const { openKafkaBus } = await import('@sandtrail/bus/kafka/kafka-bus');
  const logger = log.child('bus');
  const bus = await openKafkaBus({ settings, clock, random, counters, logger, waiting });
  return { bus, release: undefined };
}
