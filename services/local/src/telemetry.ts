// A process's telemetry: nothing is loaded and nothing is spent unless the configuration asks for it.
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { noSpans, type Spans } from '@sandtrail/runtime/spans';
import type { Configuration } from './configuration.ts';
import { toldTelemetryHeaders } from './telemetry-headers.ts';

interface TelemetryOptions {
  /** The process's name. */
  readonly name: string;
  readonly configuration: Configuration;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Where spans go, and how that ends. */
interface Telemetry {
  readonly spans: Spans;
  close(): Promise<void>;
}

const none: Telemetry = { spans: noSpans, close: async () => undefined };
const headersMsMax = 5_000;

/** Starts it; resolves once the supervisor has told its headers. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { name, configuration, counters, log } = options;
  const { otlp } = configuration.telemetry;
  if (otlp === undefined) return none;
  const headers = await toldTelemetryHeaders(AbortSignal.timeout(headersMsMax));
  const { startOpenTelemetry } = await import('@sandtrail/runtime/open-telemetry');
  return startOpenTelemetry({
    ...{ headers, counters, log: log.child('telemetry') },
    endpoint: otlp.endpoint,
    exportMs: otlp.exportMs,
    node: configuration.node,
    process: name,
    clock: systemClock,
    random: systemRandom,
  });
}
