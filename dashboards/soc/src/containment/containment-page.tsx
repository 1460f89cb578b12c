// Containment: what waits for a person, where each sandbox stands, and every recent request with its proofs.
import type { ContainmentView } from '@sandtrail/console/contract/containment';
import { useQuery } from '@tanstack/react-query';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { containmentQuery } from './containment-queries.ts';
import { RequestCard } from './request-card.tsx';
import { StandingTable } from './standing-table.tsx';
import './containment-page.css';

/** The page. */
export function ContainmentPage() {
  const query = useQuery(containmentQuery);
  return (
    <Page crumbs="Containment" title="Containment">
      <h1>Containment</h1>
      <div className="page-scroll">
        <Answered query={query} what="containment">
          {(view) => <View view={view} />}
        </Answered>
      </div>
    </Page>
  );
}

function View({ view }: { readonly view: ContainmentView }) {
  return (
    <>
      <section className="section">
        <h2>Waiting for a person</h2>
        {view.waiting.length === 0 ? (
          <p className="muted">No request waits. Findings that need a person’s yes stand here.</p>
        ) : null}
        {view.waiting.map((item) => (
          <RequestCard item={item} key={item.requestId} />
        ))}
      </section>
      <section className="section">
        <h2>Where sandboxes stand</h2>
        <StandingTable standings={view.standings} />
      </section>
      <section className="section">
        <h2>Requests of this run</h2>
        <p className="muted">
          {view.recent.length} shown, of at most {view.recentMax} that are kept at hand; all stand
          in the record as containment events.
        </p>
        {view.recent.map((item) => (
          <RequestCard item={item} key={`${item.requestId} ${item.act} ${item.requestedAtNs}`} />
        ))}
      </section>
    </>
  );
}
