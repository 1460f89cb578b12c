// Fleet: where is nobody looking; blind cells first, then every collector with its mode.
import { type CollectorView, FleetView } from '@sandtrail/console/contract/pipeline';
import { useQuery } from '@tanstack/react-query';
import { read } from '../api/ask.ts';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { Machine } from '../text/machine.tsx';
import { agoText, countText, msOf, spanText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import './fleet-page.css';

const everyMs = 10_000;

/** The page. */
export function FleetPage() {
  const query = useQuery({
    queryKey: ['fleet'],
    queryFn: ({ signal }) => read('/fleet', { answer: FleetView, signal }),
    refetchInterval: everyMs,
  });
  return (
    <Page crumbs="Fleet" title="Fleet">
      <h1>Fleet</h1>
      <div className="page-scroll">
        <Answered query={query} what="the fleet">
          {(view) => (
            <>
              <section className="section">
                <h2>What is observed, by template</h2>
                <CoverageTable coverage={view.coverage} />
              </section>
              <section className="section">
                <h2>Collectors</h2>
                <p className="muted">
                  {countText(view.collectors.length)} of {countText(view.collectorsTotal)} of the
                  last {spanText(view.windowMs)}
                </p>
                <CollectorTable collectors={view.collectors} />
              </section>
            </>
          )}
        </Answered>
      </div>
    </Page>
  );
}

const byWords = {
  kernel: 'kernel',
  host: 'host',
  sandbox: 'claimed inside',
  self_reported: 'self-reported',
} as const;

/** Rows with the most blind cells first. */
function CoverageTable({ coverage }: Pick<FleetView, 'coverage'>) {
  if (coverage.length === 0) return <p className="muted">No sandbox in this time.</p>;
  const blindOf = ({ cells }: FleetView['coverage'][number]) =>
    cells.filter(({ by }) => by === null).length;
  const sorted = coverage.toSorted((a, b) => blindOf(b) - blindOf(a));
  const families = sorted[0]?.cells.map(({ family }) => family) ?? [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Coverage" className="box table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Template</th>
            <th scope="col">Isolation</th>
            <th className="table-number" scope="col">
              Sandboxes
            </th>
            {families.map((family) => (
              <th key={family} scope="col">
                {family}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map(({ template, isolation, sandboxes, cells }) => (
            <tr key={`${template} ${isolation}`}>
              <td>{template === null ? 'no template' : <Machine text={template} />}</td>
              <td>{isolation}</td>
              <td className="table-number">{countText(sandboxes)}</td>
              {cells.map(({ family, by, collectors }) => (
                <td className={by === null ? 'hatched' : ''} key={family}>
                  {by === null ? <strong>nothing</strong> : byWords[by]}
                  <div className="machine-font faint">{collectors.join(' ')}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CollectorTable({ collectors }: Pick<FleetView, 'collectors'>) {
  const nowMs = useNow(1000);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Collectors" className="box table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Collector</th>
            <th scope="col">State</th>
            <th scope="col">Mode, and what it cannot see</th>
            <th className="table-number" scope="col">
              Streams
            </th>
            <th className="table-number" scope="col">
              Seen
            </th>
            <th className="table-number" scope="col">
              Dropped
            </th>
            <th className="table-number" scope="col">
              Lost
            </th>
          </tr>
        </thead>
        <tbody>
          {collectors.map((collector) => (
            <CollectorRow
              collector={collector}
              key={`${collector.collector} ${collector.node} ${collector.epoch}`}
              nowMs={nowMs}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface CollectorRowProps {
  readonly collector: CollectorView;
  readonly nowMs: number;
}

function CollectorRow({ collector, nowMs }: CollectorRowProps) {
  const { state, mode, blindSpots, lastHeartbeatAtNs, lost, lostUnknown } = collector;
  return (
    <tr>
      <td>
        <span className="machine-font">{collector.collector}</span>
        <div className="muted">
          {collector.node}, epoch {collector.epoch}
        </div>
      </td>
      <td>
        {state === 'silent' ? <strong>silent</strong> : state}
        <div className="muted">
          {lastHeartbeatAtNs === null
            ? 'no heartbeat'
            : `heartbeat ${agoText(msOf(lastHeartbeatAtNs), nowMs)}`}
        </div>
      </td>
      <td className="fleet-mode">
        {mode}
        {blindSpots.length === 0 ? null : (
          <details>
            <summary className="muted">{blindSpots.length} blind spots</summary>
            <ul>
              {blindSpots.map((spot) => (
                <li key={spot}>{spot}</li>
              ))}
            </ul>
          </details>
        )}
      </td>
      <td className="table-number">
        {collector.streamsOpen} open of {collector.streams}
      </td>
      <td className="table-number">{collector.seen}</td>
      <td className="table-number">{collector.dropped}</td>
      <td className="table-number">
        {lost}
        {lostUnknown > 0 ? '+' : ''}
      </td>
    </tr>
  );
}
