// Any event by its place in the record.
import { Link, useParams } from '@tanstack/react-router';
import { Page } from '../shell/page.tsx';
import { placeOf } from '../timeline/row-key.ts';
import { EventByPlace } from './event-panel.tsx';
import './event-page.css';

/** The page `/e/CHAIN/POSITION`: what the panel shows, alone. */
export function EventPage() {
  const { chain, pos } = useParams({ from: '/shell/e/$chain/$pos' });
  const place = placeOf(`${chain}.${pos}`);
  const crumbs = (
    <>
      <Link to="/integrity">Integrity</Link> <span className="faint">/</span>{' '}
      <span className="machine-font">
        {chain.slice(0, 12)} : {pos}
      </span>
    </>
  );
  return (
    <Page crumbs={crumbs} title={`Event ${pos}`}>
      <h1>Event at position {pos}</h1>
      <div className="page-scroll">
        <div className="box event-page">
          {place === undefined ? (
            <p>This address names no place in a chain: a chain has 64 hexadecimal digits.</p>
          ) : (
            <EventByPlace place={place} />
          )}
        </div>
      </div>
    </Page>
  );
}
