// A process's counters, durations and gauges as OpenTelemetry takes them, read when it collects.
import { ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { Clock } from './clock.ts';
import { type Counters, durationBoundsMs } from './counters.ts';
import { keyOf } from './metrics-text.ts';
import { measureProcess, type ProcessMetrics } from './process-metrics.ts';

interface ProducerOptions {
  readonly process: string;
  readonly counters: Counters;
  readonly clock: Clock;
}

type HrTime = [number, number];

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Nothing is counted twice for it: the numbers are those of `/metrics`. */
export function createMetricProducer({
  process,
  counters,
  clock,
}: ProducerOptions): MetricProducer {
  const startTime = hrTime(clock.nowNs());
  return {
    async collect() {
      const metrics = measureProcess(process, counters);
      const times = { startTime, endTime: hrTime(clock.nowNs()) };
      const data = [
        ...sums(metrics, times),
        ...gauges(metrics, times),
        ...histograms(metrics, times),
      ];
      const scopeMetrics = [{ scope: { name: 'sandtrail' }, metrics: data }];
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
    },
  };
}

function sums({ counters }: ProcessMetrics, times: Times): readonly MetricData[] {
  return byName(counters).map(([name, points]) => ({
    ...described(name, ''),
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: points.map((point) => ({ ...times, ...point })),
  }));
}

function gauges(metrics: ProcessMetrics, times: Times): readonly MetricData[] {
  return byName(metrics.gauges).map(([name, points]) => ({
    ...described(name, ''),
    dataPointType: DataPointType.GAUGE,
    dataPoints: points.map((point) => ({ ...times, ...point })),
  }));
}

function histograms({ durations }: ProcessMetrics, times: Times): readonly MetricData[] {
  return Object.entries(durations).map(([name, { count, sumMs, buckets }]) => ({
    ...described(name, 's'),
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [
      {
        ...times,
        attributes: {},
        value: {
          count,
          sum: sumMs / 1000,
          buckets: { boundaries: durationBoundsMs.map((ms) => ms / 1000), counts: buckets },
        },
      },
    ],
  }));
}

function described(name: string, unit: string) {
  return {
    descriptor: { name: `sandtrail.${name}`, description: '', unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

/** The points of each metric: one for each reason. */
function byName(values: Readonly<Record<string, number>>) {
  const names = new Map<string, { attributes: Record<string, string>; value: number }[]>();
  for (const [key, value] of Object.entries(values)) {
    const { counted, reason } = keyOf(key);
    const points = names.get(counted) ?? [];
    points.push({ attributes: reason === undefined ? {} : { reason }, value });
    names.set(counted, points);
  }
  return [...names];
}

function hrTime(ns: bigint): HrTime {
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}
