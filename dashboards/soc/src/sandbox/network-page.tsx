// Network: where a sandbox talked to, which rule let it, and what left.
import type { Destination, NetworkView } from '@sandtrail/console/contract/network';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Answered } from '../shell/answered.tsx';
import { Machine } from '../text/machine.tsx';
import { bytesText, clockText, countText, msOf } from '../time/format-time.ts';
import { networkQuery } from './sandbox-queries.ts';
import './network-page.css';

const reaches = ['allowed', 'denied', 'undeclared'] as const;
const reachWords = {
  allowed: 'allowed',
  denied: '⊘ denied',
  undeclared: 'allowed, not declared',
} as const;

/** The page. */
export function NetworkPage() {
  const { uid, incarnation } = useParams({ from: '/shell/sandboxes/$uid/$incarnation/network' });
  const query = useQuery(networkQuery(uid, incarnation));
  return (
    <div className="page-scroll">
      <Answered query={query} what="the network">
        {(view) => <View view={view} />}
      </Answered>
    </div>
  );
}

function View({ view }: { readonly view: NetworkView }) {
  if (view.destinations.length === 0 && view.domains.length === 0) {
    return (
      <div className="box page-note">
        <p>{emptyWords[view.watch]}</p>
      </div>
    );
  }
  return (
    <>
      <ReachBars view={view} />
      <section className="section">
        <h2>Destinations</h2>
        <p className="muted">
          {countText(view.destinations.length)} of {countText(view.destinationsTotal)} shown ·{' '}
          {bytesText(view.bytesOut)} out, {bytesText(view.bytesIn)} in
        </p>
        <Destinations destinations={view.destinations} />
      </section>
      <section className="section">
        <h2>Names asked for</h2>
        <p className="muted">
          {countText(view.domains.length)} of {countText(view.domainsTotal)} registered domains
        </p>
        <Domains domains={view.domains} />
      </section>
    </>
  );
}

const emptyWords = {
  watched: 'No connection observed; a collector here watches the network.',
  none: 'No connection observed; the policy gives this sandbox no network.',
  unwatched: 'No network collector here: that nothing is shown says nothing about connections.',
} as const;

/** Three bars beside their numbers: length is the share of connections. */
function ReachBars({ view }: { readonly view: NetworkView }) {
  const all = reaches.reduce((sum, reach) => sum + view.reach[reach].connections, 0);
  return (
    <dl className="box reach-bars">
      {reaches.map((reach) => {
        const { destinations, connections } = view.reach[reach];
        return (
          <div key={reach}>
            <dt>{reachWords[reach]}</dt>
            <dd>
              <span className="reach-bar" aria-hidden="true">
                <span
                  className={`reach-bar-part reach-${reach}`}
                  style={{ width: `${all === 0 ? 0 : (connections / all) * 100}%` }}
                />
              </span>
              {countText(connections)} connections to {countText(destinations)} destinations
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Destinations({ destinations }: Pick<NetworkView, 'destinations'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Destinations" className="box table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Destination</th>
            <th scope="col">Policy</th>
            <th scope="col">Rule</th>
            <th className="table-number" scope="col">
              Connections
            </th>
            <th className="table-number" scope="col">
              Out
            </th>
            <th className="table-number" scope="col">
              In
            </th>
            <th scope="col">New for the template</th>
            <th scope="col">Last, UTC</th>
          </tr>
        </thead>
        <tbody>
          {destinations.map((each) => (
            <Row destination={each} key={`${each.host} ${each.port} ${each.reach}`} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ destination }: { readonly destination: Destination }) {
  const { host, port, reach, rule, denials, addresses, isNewForTemplate, last } = destination;
  const reasons = Object.entries(denials).map(([reason, count]) => `${reason} ×${count}`);
  return (
    <tr>
      <td>
        <Machine charsMax={200} text={port === null ? host : `${host}:${port}`} />
        {addresses.length === 0 ? null : (
          <div className="machine-font faint">{addresses.slice(0, 4).join(' ')}</div>
        )}
      </td>
      <td>
        {reachWords[reach]}
        {reasons.length === 0 ? null : <div className="muted">{reasons.join(', ')}</div>}
      </td>
      <td>{rule === null ? <span className="faint">none</span> : <Machine text={rule} />}</td>
      <td className="table-number">{countText(destination.connections)}</td>
      <td className="table-number">{bytesText(destination.bytesOut)}</td>
      <td className="table-number">{bytesText(destination.bytesIn)}</td>
      <td>{isNewForTemplate === null ? 'no earlier sandbox' : isNewForTemplate ? 'yes' : 'no'}</td>
      <td>
        <Link params={last} to="/e/$chain/$pos">
          <span className="machine-font">{clockText(msOf(destination.lastAtNs))}</span>
        </Link>
      </td>
    </tr>
  );
}

function Domains({ domains }: Pick<NetworkView, 'domains'>) {
  if (domains.length === 0) return <p className="muted">No name was asked for.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section aria-label="Names asked for" className="box table-scroll" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Domain</th>
            <th className="table-number" scope="col">
              Queries
            </th>
            <th className="table-number" scope="col">
              Distinct names
            </th>
            <th className="table-number" scope="col">
              Longest
            </th>
            <th scope="col">Answers</th>
          </tr>
        </thead>
        <tbody>
          {domains.map(({ domain, queries, names, byVerdict, longestNameChars }) => (
            <tr key={domain}>
              <td>
                <Machine text={domain} />
              </td>
              <td className="table-number">{countText(queries)}</td>
              <td className="table-number">{countText(names)}</td>
              <td className="table-number">{longestNameChars}</td>
              <td className="muted">
                {Object.entries(byVerdict)
                  .map(([verdict, count]) => `${verdict} ${count}`)
                  .join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
