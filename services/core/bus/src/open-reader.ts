// Opens a log for reading, whichever driver it is of.
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { LogReader } from './bus.ts';
import { openEmbeddedReader } from './embedded-reader.ts';
import type { LogSource } from './log-source.ts';

interface ReaderOptions {
  readonly source: LogSource;
  readonly logger: Logger;
  readonly counters: Counters;
}

/**
 * A reader beside the log's writer. The driver's code is loaded for the log that is asked for.
 * @throws SandtrailError `DATA_DIR_DAMAGED` for an embedded log that cannot be read
 */
export async function openReader({ source, logger, counters }: ReaderOptions): Promise<LogReader> {
  switch (source.type) {
    case 'embedded':
      return await openEmbeddedReader(source);
    case 'kafka': {
      const { KafkaReader } = await import('./kafka/kafka-reader.ts');
      return new KafkaReader({ settings: source.settings, logger, counters });
    }
    default:
      return source satisfies never;
  }
}
