// OpenTelemetry: sends spans and metrics by OTLP. The one importer of its SDK, loaded where it is asked for.
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOnSampler, BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { Clock, Random } from './clock.ts';
import type { Counters } from './counters.ts';
import type { Logger } from './log.ts';
import { createMetricProducer } from './metric-producer.ts';
import { findingTrace, type SpanFields, type Spans } from './spans.ts';

/** What is sent, and where to. */
export interface OpenTelemetryOptions {
  /** Base address of an OTLP receiver over HTTP, such as `https://otel.example:4318`. */
  readonly endpoint: string;
  /** Sent with each request, for the receiver to know us by. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly node: string;
  /** Which process of the product this is. */
  readonly process: string;
  readonly exportMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Running telemetry. */
export interface OpenTelemetry {
  readonly spans: Spans;
  /** Sends what is left, for a few seconds at most, and ends. */
  close(): Promise<void>;
}

const timeoutMillis = 3_000;
const queueMax = 2_048;
/** Of one name in a second: a stage under load makes more batches than anybody reads. */
const spansPerSecondMax = 20;
const wordPattern = /^[A-Za-z0-9_.:/-]{1,96}$/;

/** Starts exporting. A receiver that is away costs a log line and a count, nothing else. */
export function startOpenTelemetry(options: OpenTelemetryOptions): OpenTelemetry {
  const { endpoint, headers, node, process, exportMs, counters, log } = options;
  diag.setLogger(failuresTo(log, counters), { logLevel: DiagLogLevel.WARN });
  const to = (path: string) => ({
    url: `${endpoint.replace(/\/$/, '')}${path}`,
    headers: { ...headers },
    timeoutMillis,
  });
  const ids = new IdSource(options.random);
  const sdk = new NodeSDK({
    // Nothing is detected: a resource detector would tell command lines and users.
    autoDetectResources: false,
    resource: resourceFromAttributes({
      'service.name': 'sandtrail',
      'service.namespace': 'sandtrail',
      'service.instance.id': `${node}/${process}`,
      'sandtrail.process': process,
    }),
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    textMapPropagator: null,
    logRecordProcessors: [],
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(to('/v1/traces')),
        maxQueueSize: queueMax,
        scheduledDelayMillis: Math.min(exportMs, 2_000),
        exportTimeoutMillis: timeoutMillis,
      }),
    ],
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(to('/v1/metrics')),
        exportIntervalMillis: exportMs,
        exportTimeoutMillis: Math.min(timeoutMillis, exportMs),
        metricProducers: [createMetricProducer(options)],
      }),
    ],
  });
  sdk.start();
  return {
    spans: createSpans(options, ids),
    close: () =>
      sdk.shutdown().catch(() => counters.add('telemetry.exports_failed', 1, 'at_the_end')),
  };
}

function createSpans({ clock, counters }: OpenTelemetryOptions, ids: IdSource): Spans {
  const tracer = trace.getTracer('sandtrail');
  const mayBegin = rateLimit(clock, counters);
  const write = (span: Written) => {
    const { name, fields, startNs, endNs, context = ROOT_CONTEXT } = span;
    const startTime = hrTime(startNs);
    const made = tracer.startSpan(name, { startTime, attributes: told(fields) }, context);
    if (span.failed) made.setStatus({ code: SpanStatusCode.ERROR });
    made.end(hrTime(laterOf(startNs, endNs)));
  };
  return {
    async around(name, fields, work) {
      if (!mayBegin(name)) return work();
      const startNs = clock.nowNs();
      let failed = true;
      try {
        const result = await work();
        failed = false;
        return result;
      } finally {
        write({ name, fields, startNs, endNs: clock.nowNs(), failed });
      }
    },
    batch(span) {
      if (mayBegin(span.name)) write({ fields: {}, ...span });
    },
    step({ finding, isRoot = false, ...span }) {
      const { traceId, root } = findingTrace(finding);
      if (isRoot) {
        ids.next = { traceId, spanId: root };
        write({ fields: {}, ...span });
        return;
      }
      const parent = { traceId, spanId: root, traceFlags: TraceFlags.SAMPLED, isRemote: true };
      write({ fields: {}, ...span, context: trace.setSpanContext(ROOT_CONTEXT, parent) });
    },
  };
}

interface Written {
  readonly name: string;
  readonly fields: SpanFields;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly context?: Context;
  readonly failed?: boolean;
}

/** Ids by chance, unless the next span is to have given ones. */
class IdSource {
  readonly #random: Random;
  next: { readonly traceId: string; readonly spanId: string } | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  generateSpanId = (): string => this.next?.spanId ?? this.#random(8).toString('hex');

  /** The SDK asks for it after the span's id, and only for a span without a parent. */
  generateTraceId = (): string => {
    const id = this.next?.traceId ?? this.#random(16).toString('hex');
    this.next = undefined;
    return id;
  };
}

/** Only numbers and words of our own: a span is no place for what a sandbox wrote. */
function told(fields: SpanFields): Attributes {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const isFit = typeof value === 'number' || wordPattern.test(value);
      return [`sandtrail.${name}`, isFit ? value : 'other'];
    }),
  );
}

function rateLimit(clock: Clock, counters: Counters): (name: string) => boolean {
  const begun = new Map<string, number>();
  let second = 0;
  return (name) => {
    const now = Math.floor(clock.monotonicMs() / 1000);
    if (now !== second) begun.clear();
    second = now;
    const count = begun.get(name) ?? 0;
    begun.set(name, count + 1);
    if (count < spansPerSecondMax) return true;
    counters.add('telemetry.spans_skipped', 1, name);
    return false;
  };
}

function failuresTo(log: Logger, counters: Counters) {
  const failed = (message: string) => {
    counters.add('telemetry.exports_failed');
    log.warn('telemetry could not be sent', { detail: message.slice(0, 200) });
  };
  const nothing = () => undefined;
  return { error: failed, warn: failed, info: nothing, debug: nothing, verbose: nothing };
}

/** Clocks of two processes may differ by a little: no span ends before it begins. */
function laterOf(one: bigint, other: bigint): bigint {
  if (one > other) return one;
  return other;
}

function hrTime(ns: bigint): [number, number] {
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}
