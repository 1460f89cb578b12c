// One chain: its head, its checkpoint, and a verification of a range as it runs.
import type { ChainView } from '@sandtrail/console/contract/integrity';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { Machine } from '../text/machine.tsx';
import { msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { integrityQuery } from './integrity-queries.ts';
import { rangeWords, verdictWord } from './verification-words.ts';
import { VerifyRange } from './verify-range.tsx';

/** The page. */
export function ChainPage() {
  const { chain: id } = useParams({ from: '/shell/integrity/$chain' });
  const query = useQuery(integrityQuery);
  const crumbs = (
    <>
      <Link to="/integrity">Integrity</Link> <span className="faint">/</span>{' '}
      <span className="machine-font">{id.slice(0, 12)}…</span>
    </>
  );
  return (
    <Page crumbs={crumbs} title="Chain">
      <Answered query={query} what="the chain">
        {({ chains }) => {
          const chain = chains.find((each) => each.chain === id);
          return chain === undefined ? (
            <div className="box page-note">
              <h1>No such chain</h1>
              <p>
                This record has {chains.length} chains, and none of that name.{' '}
                <Link to="/integrity">See them all</Link>
              </p>
            </div>
          ) : (
            <Chain chain={chain} />
          );
        }}
      </Answered>
    </Page>
  );
}

function Chain({ chain }: { readonly chain: ChainView }) {
  const range = useSearch({ from: '/shell/integrity/$chain' });
  const { topic, partition, head, behind, checkpoint, last } = chain;
  return (
    <div className="page-scroll">
      <h1>
        Chain of {topic} {partition}
      </h1>
      <div className="box page-note">
        <dl className="facts">
          <dt>Chain</dt>
          <dd className="machine-font">{chain.chain}</dd>
          <dt>Log</dt>
          <dd className="machine-font">{chain.log}</dd>
          <dt>Head</dt>
          <dd className="machine-font">
            {head === null ? 'no row yet' : `position ${head.pos}, link ${head.link}`}
          </dd>
          <dt>Not sealed yet</dt>
          <dd>{behind} records</dd>
          <dt>Signed</dt>
          <dd>
            {checkpoint === null ? (
              'no signed checkpoint yet'
            ) : (
              <>
                rows before {checkpoint.size}, <Moment timeMs={msOf(checkpoint.signedAtNs)} />
              </>
            )}
          </dd>
          <dt>Last look</dt>
          <dd>
            {last === null ? (
              'never from this console'
            ) : (
              <>
                {verdictWord(last)}: {rangeWords(last)}, <Moment timeMs={msOf(last.endedAtNs)} />
              </>
            )}
          </dd>
        </dl>
      </div>
      <VerifyRange chain={chain} from={range.from} key={chain.chain} to={range.to} />
      {checkpoint === null ? null : (
        <section className="section">
          <h2>The checkpoint as it was signed</h2>
          <pre className="event-raw">
            <Machine hasLines text={checkpoint.note} />
          </pre>
        </section>
      )}
    </div>
  );
}
