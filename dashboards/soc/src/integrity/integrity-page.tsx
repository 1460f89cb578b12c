// Integrity: can it be proven that nothing was changed; each chain with what confirms it.
import type { ChainView, IntegrityView } from '@sandtrail/console/contract/integrity';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { TableCursor } from '../shell/table-cursor.tsx';
import { CopyButton } from '../text/copy-button.tsx';
import { agoText, countText, msOf, utcText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { GapTable } from './gap-table.tsx';
import { integrityQuery } from './integrity-queries.ts';
import { rangeWords, verdictWord } from './verification-words.ts';

/** The page. */
export function IntegrityPage() {
  const query = useQuery(integrityQuery);
  return (
    <Page crumbs="Integrity" title="Integrity">
      <h1>Integrity</h1>
      <div className="page-scroll">
        <Answered query={query} what="the chains">
          {(view) => <View view={view} />}
        </Answered>
      </div>
    </Page>
  );
}

function View({ view }: { readonly view: IntegrityView }) {
  return (
    <>
      <section className="section">
        <h2>Chains</h2>
        <ChainTable chains={view.chains} />
      </section>
      <section className="section">
        <h2>Check it as a stranger</h2>
        <p className="muted">
          Signed heads are kept outside the data directory, in{' '}
          <span className="machine-font">{view.headFile}</span>: with them nobody has to believe
          this page.
        </p>
        <pre className="event-raw machine-font">{view.verifyCommand}</pre>
        <CopyButton value={view.verifyCommand} word="Copy the command" />
      </section>
      <section className="section">
        <h2>Gaps</h2>
        <p className="muted">
          What collectors lost before it was numbered: {countText(view.gaps.length)} of{' '}
          {countText(view.gapsTotal)} shown, newest first.
        </p>
        <GapTable gaps={view.gaps} />
      </section>
    </>
  );
}

function ChainTable({ chains }: Pick<IntegrityView, 'chains'>) {
  const nowMs = useNow(1000);
  return (
    <TableCursor className="box table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Chain</th>
            <th scope="col">What it seals</th>
            <th className="table-number" scope="col">
              Sealed to
            </th>
            <th className="table-number" scope="col">
              Not sealed yet
            </th>
            <th scope="col">Signed</th>
            <th scope="col">Last verification of all rows</th>
          </tr>
        </thead>
        <tbody>
          {chains.map((chain) => (
            <tr key={chain.chain}>
              <td>
                <Link params={{ chain: chain.chain }} to="/integrity/$chain">
                  <span className="machine-font">{chain.chain.slice(0, 12)}…</span>
                </Link>
              </td>
              <td>
                {chain.topic} {chain.partition}
                {chain.isStopped ? <strong> sealing has stopped</strong> : null}
              </td>
              <td className="table-number machine-font">{chain.head?.pos ?? 'nothing yet'}</td>
              <td className="table-number">{chain.behind}</td>
              <td>{signedWords(chain, nowMs)}</td>
              <td>
                <LastFull chain={chain} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableCursor>
  );
}

function signedWords({ checkpoint }: ChainView, nowMs: number): string {
  if (checkpoint === null) return 'no signed checkpoint yet';
  return `${checkpoint.size} rows, ${agoText(msOf(checkpoint.signedAtNs), nowMs)}`;
}

function LastFull({
  chain: { lastFull },
  nowMs,
}: {
  readonly chain: ChainView;
  readonly nowMs: number;
}) {
  if (lastFull === null) return <span className="muted">never from this console</span>;
  const atMs = msOf(lastFull.endedAtNs);
  return (
    <>
      <span className={lastFull.verdict === 'verified' ? 'proven' : ''}>
        {lastFull.verdict === 'verified' ? '✓ ' : ''}
        {verdictWord(lastFull)}
      </span>
      <div className="muted">
        {rangeWords(lastFull)} · {utcText(atMs).slice(0, 19)} UTC, {agoText(atMs, nowMs)}, by{' '}
        {lastFull.actor}
      </div>
    </>
  );
}
