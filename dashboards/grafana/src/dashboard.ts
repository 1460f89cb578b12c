// The Grafana dashboard: is everything recorded, how late, what was found, what was contained.
import { type Panel, panelModel } from './panel.ts';

const seconds = (histogram: string, quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(sandtrail_${histogram}_seconds_bucket[$__rate_interval])))`;
const rate = (counter: string) => `sum(rate(sandtrail_${counter}_total[$__rate_interval]))`;
const byReason = (counter: string) =>
  `sum by (reason) (rate(sandtrail_${counter}_total[$__rate_interval]))`;

/** From the top: what wakes somebody first. */
export const panels: readonly Panel[] = [
  {
    ...{ title: 'Chains that stopped', type: 'stat', width: 6, redFrom: 1 },
    description: 'A chain that contradicts what was sealed before is not sealed any further.',
    prometheus: { chains: 'sum(sandtrail_sealer_chain_stopped)' },
  },
  {
    ...{ title: 'Records lost', type: 'stat', width: 6, redFrom: 1 },
    description: 'Lost by sources, dropped before their number, or gone before they were sealed.',
    prometheus: {
      'by sources': 'sum(increase(sandtrail_kit_lost_total[$__range])) or vector(0)',
      'by the kit': 'sum(increase(sandtrail_kit_dropped_total[$__range])) or vector(0)',
      'by the log': 'sum(increase(sandtrail_sealer_lost_records_total[$__range])) or vector(0)',
    },
  },
  {
    ...{ title: 'Not sealed yet', type: 'stat', width: 6, redFrom: 100_000 },
    description: 'Records of the log that are no rows yet.',
    prometheus: { records: 'sum(sandtrail_sealer_behind_records)' },
  },
  {
    ...{ title: 'Containments that failed', type: 'stat', width: 6, redFrom: 1 },
    description: 'Not applied, or not proven.',
    prometheus: {
      failed:
        'sum(increase(sandtrail_responder_results_total{reason="failed"}[$__range])) or vector(0)',
    },
  },
  {
    ...{ title: 'Records per second, stage by stage', type: 'timeseries', width: 12 },
    description: 'Lines that part show where records wait or are refused.',
    prometheus: {
      kit: rate('kit_emitted'),
      gateway: rate('gateway_accepted'),
      log: rate('bus_appended'),
      sealer: rate('sealer_rows'),
      detector: rate('detector_judged'),
    },
  },
  {
    ...{ title: 'Refused and dropped, by reason', type: 'timeseries', width: 12 },
    description: 'Nothing is lost without a reason; each stage’s sums add up.',
    prometheus: {
      'gateway {{reason}}': byReason('gateway_refused'),
      'kit {{reason}}': byReason('kit_dropped'),
      'source {{reason}}': byReason('kit_lost'),
    },
  },
  {
    ...{ title: 'From an event to its seal', type: 'timeseries', width: 8, unit: 's' },
    description: 'The first event of each block, which waited longest.',
    prometheus: {
      p50: seconds('sealer_event_to_sealed', 0.5),
      p99: seconds('sealer_event_to_sealed', 0.99),
    },
  },
  {
    ...{ title: 'From an event to its finding', type: 'timeseries', width: 8, unit: 's' },
    description: 'Until the finding is durable.',
    prometheus: {
      p50: seconds('detector_event_to_finding', 0.5),
      p99: seconds('detector_event_to_finding', 0.99),
    },
  },
  {
    ...{ title: 'From a finding to its containment', type: 'timeseries', width: 8, unit: 's' },
    description: 'Until it is verified for the first time.',
    prometheus: {
      p50: seconds('responder_finding_to_contained', 0.5),
      p99: seconds('responder_finding_to_contained', 0.99),
    },
  },
  {
    ...{ title: 'Findings by severity', type: 'timeseries', width: 12 },
    description: 'From the sealed record.',
    clickhouse: `SELECT $__timeInterval(time) AS time, severity, count() AS findings
FROM sealed WHERE kind = 'finding' AND $__timeFilter(time)
GROUP BY time, severity ORDER BY time`,
  },
  {
    ...{ title: 'Newest findings', type: 'table', width: 12 },
    description: 'From the sealed record; the text is hostile and Grafana shows it as text.',
    clickhouse: `SELECT time, severity, sandbox, JSONExtractString(body, 'finding', 'detector') AS detector,
  JSONExtractString(body, 'finding', 'explanation') AS explanation
FROM sealed WHERE kind = 'finding' AND $__timeFilter(time) ORDER BY time DESC LIMIT 50`,
  },
  {
    ...{ title: 'Containment, as it was proven', type: 'table', width: 12 },
    description: 'What the scheduler did and what was read back.',
    clickhouse: `SELECT time, kind, sandbox, JSONExtractString(body, 'result', 'level') AS level,
  JSONExtractString(body, 'result', 'check') AS looked
FROM sealed WHERE kind LIKE 'containment.%' AND $__timeFilter(time) ORDER BY time DESC LIMIT 50`,
  },
  {
    ...{ title: 'Gaps in what was watched', type: 'table', width: 12 },
    description: 'Each loss is a sealed record with its cause.',
    clickhouse: `SELECT time, sandbox, JSONExtractString(body, 'source') AS source,
  JSONExtractString(body, 'count') AS records, JSONExtractString(body, 'reason') AS reason
FROM sealed WHERE kind = 'collector.gap' AND $__timeFilter(time) ORDER BY time DESC LIMIT 50`,
  },
  {
    ...{ title: 'Memory of each process', type: 'timeseries', width: 12, unit: 'bytes' },
    description: 'Resident; the engine has its own.',
    prometheus: { '{{process}}': 'sandtrail_process_resident_bytes' },
  },
  {
    ...{ title: 'Processor of each process', type: 'timeseries', width: 12, unit: 'percentunit' },
    description: 'Of one core.',
    prometheus: { '{{process}}': 'rate(sandtrail_process_cpu_seconds_total[$__rate_interval])' },
  },
];

const gridWidth = 24;

/** The dashboard in Grafana's JSON model (schema 39); data sources are chosen when it is opened. */
export function dashboard() {
  let [x, y, rowHeight] = [0, 0, 0];
  const placed = panels.map((panel, index) => {
    if (x + panel.width > gridWidth) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const model = panelModel(panel, index + 1, { x, y });
    x += panel.width;
    rowHeight = Math.max(rowHeight, model.gridPos.h);
    return model;
  });
  const source = (name: string, query: string) => ({
    name,
    query,
    type: 'datasource',
    label: name,
  });
  return {
    ...{ uid: 'sandtrail', title: 'Sandtrail', tags: ['sandtrail'], schemaVersion: 39 },
    ...{ editable: true, refresh: '30s', time: { from: 'now-1h', to: 'now' } },
    templating: {
      list: [
        source('prometheus', 'prometheus'),
        source('clickhouse', 'grafana-clickhouse-datasource'),
      ],
    },
    panels: placed,
  };
}

/** The text of `sandtrail.json`. */
export function dashboardText(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`;
}
