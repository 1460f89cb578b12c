// Metrics of processes as text, in Prometheus's exposition format 0.0.4.
import { durationBoundsMs } from './counters.ts';
import type { ProcessMetrics } from './process-metrics.ts';

/** The content type of the text. */
export const metricsTextType = 'text/plain; version=0.0.4; charset=utf-8';

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly lines: string[];
}

/**
 * One line a series: `gateway.refused{BODY_INVALID}` of the core becomes
 * `sandtrail_gateway_refused_total{process="core",reason="BODY_INVALID"}`. Durations are seconds.
 */
export function metricsText(processes: readonly ProcessMetrics[]): string {
  const families = new Map<string, Family>();
  const family = (name: string, type: Family['type'], counted: string) => {
    const known = families.get(name);
    if (known !== undefined) return known.lines;
    const help = `${counted}, as the table "Metrics" in the README of Sandtrail has it.`;
    const made: Family = { type, help, lines: [] };
    families.set(name, made);
    return made.lines;
  };
  for (const { process, counters, durations, gauges } of processes) {
    for (const [key, count] of Object.entries(counters)) {
      const { counted, reason } = keyOf(key);
      const name = `${nameOf(counted)}_total`;
      family(name, 'counter', counted).push(line(name, { process, reason }, count));
    }
    for (const [key, value] of Object.entries(gauges)) {
      const { counted, reason } = keyOf(key);
      const name = nameOf(counted);
      family(name, 'gauge', counted).push(line(name, { process, reason }, value));
    }
    for (const [counted, { count, sumMs, buckets }] of Object.entries(durations)) {
      const name = `${nameOf(counted)}_seconds`;
      const lines = family(name, 'histogram', counted);
      let below = 0;
      durationBoundsMs.forEach((boundMs, index) => {
        below += buckets[index] ?? 0;
        lines.push(line(`${name}_bucket`, { process, le: `${boundMs / 1000}` }, below));
      });
      lines.push(line(`${name}_bucket`, { process, le: '+Inf' }, count));
      lines.push(line(`${name}_sum`, { process }, sumMs / 1000));
      lines.push(line(`${name}_count`, { process }, count));
    }
  }
  const texts = [...families].map(([name, { type, help, lines }]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n'),
  );
  return texts.join('');
}

/** The name under which Prometheus knows what the code counts as `counted`, without its suffix. */
export function nameOf(counted: string): string {
  return `sandtrail_${counted.replaceAll('.', '_')}`;
}

/** A key of a snapshot in its two parts. */
export function keyOf(key: string): { readonly counted: string; readonly reason?: string } {
  const [, counted = key, reason] = /^([^{]*)(?:\{(.*)\})?$/.exec(key) ?? [];
  return reason === undefined ? { counted } : { counted, reason };
}

type Labels = Readonly<Record<string, string | undefined>>;

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels)
    .filter(([, text]) => text !== undefined)
    .map(([label, text]) => `${label}="${escaped(text ?? '')}"`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
