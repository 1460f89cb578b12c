// Panels of a Grafana dashboard: what each asks, and how it looks.

/** One panel: queries of Prometheus, or one of ClickHouse. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly type: 'timeseries' | 'stat' | 'table';
  /** Of 24. */
  readonly width: number;
  readonly unit?: string;
  /** PromQL by legend. */
  readonly prometheus?: Readonly<Record<string, string>>;
  /** SQL over the table `sealed`, with the macros of Grafana's ClickHouse data source. */
  readonly clickhouse?: string;
  /** From this value on it is red. */
  readonly redFrom?: number;
}

/** A panel as Grafana's JSON model has it, at its place. */
export function panelModel(
  panel: Panel,
  id: number,
  place: { readonly x: number; readonly y: number },
) {
  const { title, description, type, width: w, unit = 'short', redFrom } = panel;
  const steps = [
    { color: 'green', value: null },
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  return {
    ...{ id, title, description, type },
    gridPos: { ...place, w, h: type === 'stat' ? 4 : 8 },
    datasource: panel.clickhouse === undefined ? prometheus : clickhouse,
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    targets: panel.clickhouse === undefined ? promTargets(panel) : sqlTargets(panel),
  };
}

const prometheus = { type: 'prometheus', uid: `\${prometheus}` };
const clickhouse = { type: 'grafana-clickhouse-datasource', uid: `\${clickhouse}` };

function promTargets({ prometheus: queries = {} }: Panel) {
  return Object.entries(queries).map(([legendFormat, expr], index) => ({
    ...{ refId: String.fromCharCode(65 + index), expr, legendFormat },
    datasource: prometheus,
  }));
}

function sqlTargets({ clickhouse: rawSql, type }: Panel) {
  const queryType = type === 'timeseries' ? 'timeseries' : 'table';
  return [{ refId: 'A', editorType: 'sql', queryType, rawSql, datasource: clickhouse }];
}
