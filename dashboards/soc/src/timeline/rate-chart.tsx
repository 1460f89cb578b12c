// The rate of events over time by family, with the findings above it; dragging selects a range.
import { Histogram } from '@sandtrail/console/contract/event-query';
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { read } from '../api/ask.ts';
import { families } from '../family/families.ts';
import { severityShape, worstOf } from '../severity/severity-rank.ts';
import { useTheme } from '../state/theme.ts';
import { countText, msOf, sinceStart } from '../time/format-time.ts';
import { rowKey } from './row-key.ts';
import 'uplot/dist/uPlot.min.css';
import './rate-chart.css';

interface RateChartProps {
  readonly uid: string;
  readonly incarnation: string;
  readonly range: { readonly sinceNs: string | undefined; readonly untilNs: string | undefined };
  readonly rows: readonly EventRow[];
  readonly startMs: number;
  readonly onRange: (sinceNs: string | undefined, untilNs: string | undefined) => void;
  readonly onFinding: (key: string) => void;
}

const buckets = 160;
const heightPx = 76;

/** The strip. What it draws is also said in words and shown as a table. */
export function RateChart(props: RateChartProps) {
  const { uid, incarnation, range, startMs, onRange } = props;
  const [isTable, setIsTable] = useState(false);
  const { data } = useQuery({
    queryKey: ['histogram', uid, incarnation, range],
    queryFn: ({ signal }) =>
      read('/events/histogram', {
        answer: Histogram,
        query: { sandbox: uid, incarnation, ...range, buckets },
        signal,
      }),
    placeholderData: (before) => before,
  });
  if (data === undefined || data.buckets.length === 0) return <div className="rate-chart" />;
  const isNarrowed = range.sinceNs !== undefined || range.untilNs !== undefined;
  return (
    <figure aria-label={`Rate of events. ${inWords(data)}`} className="rate-chart">
      <Marks {...props} histogram={data} />
      {isTable ? (
        <RateTable histogram={data} startMs={startMs} />
      ) : (
        <Plot histogram={data} onRange={onRange} startMs={startMs} />
      )}
      <figcaption className="rate-chart-acts">
        {isNarrowed ? (
          <button
            className="rate-chart-act"
            onClick={() => onRange(undefined, undefined)}
            type="button"
          >
            Whole time
          </button>
        ) : null}
        <button className="rate-chart-act" onClick={() => setIsTable(!isTable)} type="button">
          {isTable ? 'As chart' : 'As table'}
        </button>
      </figcaption>
    </figure>
  );
}

/** Findings at their times: each mark goes to the first of its group. */
function Marks({ rows, histogram, onFinding }: RateChartProps & { readonly histogram: Histogram }) {
  const marks = useMemo(() => marksOf(rows, histogram), [rows, histogram]);
  return (
    <div className="rate-chart-marks">
      {marks.map(({ key, left, words, shape, count, severity }) => (
        <button
          aria-label={words}
          className={`rate-chart-mark rate-chart-${severity}`}
          key={key}
          onClick={() => onFinding(key)}
          style={{ left: `${left * 100}%` }}
          title={words}
          type="button"
        >
          {shape}
          {count > 1 ? count : ''}
        </button>
      ))}
    </div>
  );
}

const marksMax = 40;

function marksOf(rows: readonly EventRow[], { fromNs, untilNs }: Histogram) {
  const from = msOf(fromNs);
  const span = Math.max(1, msOf(untilNs) - from);
  const groups = new Map<number, EventRow[]>();
  for (const row of rows) {
    if (row.finding === null) continue;
    const place = Math.floor(((msOf(row.timeNs) - from) / span) * marksMax);
    const group = groups.get(place) ?? [];
    group.push(row);
    groups.set(place, group);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const severity = worstOf(group.map(({ finding }) => finding?.severity));
    if (first === undefined || severity === undefined) return [];
    const left = Math.min(0.99, Math.max(0, (msOf(first.timeNs) - from) / span));
    const words = `${group.length} ${group.length === 1 ? 'finding' : 'findings'}, worst ${severity}`;
    return [
      {
        key: rowKey(first),
        left,
        words,
        shape: severityShape[severity],
        count: group.length,
        severity,
      },
    ];
  });
}

interface PlotProps {
  readonly histogram: Histogram;
  readonly startMs: number;
  readonly onRange: RateChartProps['onRange'];
}

function Plot({ histogram, startMs, onRange }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const latest = useRef(onRange);
  latest.current = onRange;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const chart = new uPlot(optionsOf(element, startMs, latest), stackedOf(histogram), element);
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: heightPx }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [histogram, startMs, theme]);
  return <div aria-hidden="true" className="rate-chart-plot" ref={place} />;
}

/** Stacked from the last family up: each series holds the sum of itself and those below it. */
function stackedOf({ buckets: filled, fromNs, untilNs, bucketNs }: Histogram): uPlot.AlignedData {
  const stepMs = Number(bucketNs) / 1e6;
  const fromMs = msOf(fromNs);
  const count = Math.max(1, Math.min(1000, Math.round((msOf(untilNs) - fromMs) / stepMs)));
  const times = Array.from({ length: count }, (_, at) => fromMs + at * stepMs);
  const sums = times.map(() => 0);
  const byPlace = new Map(
    filled.map((bucket) => [Math.round((msOf(bucket.atNs) - fromMs) / stepMs), bucket]),
  );
  const series = families.toReversed().map((family) =>
    times.map((_, at) => {
      const sum = (sums[at] ?? 0) + (byPlace.get(at)?.byFamily[family] ?? 0);
      sums[at] = sum;
      return sum;
    }),
  );
  return [times, ...series.toReversed()];
}

function optionsOf(
  element: HTMLElement,
  startMs: number,
  onRange: { readonly current: RateChartProps['onRange'] },
): uPlot.Options {
  const style = getComputedStyle(element);
  const paths = uPlot.paths.bars?.({ size: [1, 24], gap: 0, align: 1 });
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [6, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: { time: false },
      y: { range: (_chart, _min, max) => [0, Math.max(1, max) * 1.1] },
    },
    axes: [
      {
        size: 18,
        gap: 2,
        font: `11px ${style.getPropertyValue('--font-speech')}`,
        stroke: style.getPropertyValue('--muted'),
        grid: { show: false },
        ticks: { show: false },
        values: (_chart, values) => {
          // Marks closer than a second need its tenths to differ.
          const chars = (values[1] ?? 0) - (values[0] ?? 0) < 1000 ? 7 : 5;
          return values.map((value) => sinceStart(value, startMs).slice(0, chars));
        },
      },
      { show: false },
    ],
    series: [
      {},
      ...families.map((family) => ({
        stroke: 'transparent',
        width: 0,
        fill: style.getPropertyValue(`--${family}`),
        ...(paths === undefined ? {} : { paths }),
      })),
    ],
    hooks: {
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < 4) return;
          const nsAt = (px: number) =>
            `${BigInt(Math.round(chart.posToVal(px, 'x') * 1000)) * 1000n}`;
          onRange.current(nsAt(left), nsAt(left + width));
        },
      ],
    },
  };
}

function inWords({ buckets: filled }: Histogram): string {
  const totals = families.map((family) => ({
    family,
    count: filled.reduce((sum, { byFamily }) => sum + (byFamily[family] ?? 0), 0),
  }));
  return totals
    .filter(({ count }) => count > 0)
    .map(({ family, count }) => `${countText(count)} ${family}`)
    .join(', ');
}

function RateTable({ histogram, startMs }: Omit<PlotProps, 'onRange'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Rate of events as a table" className="rate-chart-table" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">From</th>
            {families.map((family) => (
              <th className="table-number" key={family} scope="col">
                {family}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {histogram.buckets.map(({ atNs, byFamily }) => (
            <tr key={atNs}>
              <td className="machine-font">{sinceStart(msOf(atNs), startMs)}</td>
              {families.map((family) => (
                <td className="table-number" key={family}>
                  {countText(byFamily[family] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
