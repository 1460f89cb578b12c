// How an alert came about: the steps that led to the event that decided.
import { EventDetail } from '@sandtrail/console/contract/event-detail';
import { useQuery } from '@tanstack/react-query';
import { read } from '../api/ask.ts';
import { EventEvidence } from '../event/event-evidence.tsx';
import { EventOrigin } from '../event/event-origin.tsx';
import { Answered } from '../shell/answered.tsx';
import { alertQuery } from './alert-queries.ts';

/** Asks for the deciding event of an alert: the last piece of its evidence that is there. */
export function AlertOrigin({ id }: { readonly id: string }) {
  const alert = useQuery(alertQuery(id)).data;
  const row = alert?.evidenceRows.findLast((each) => each.row !== null)?.row ?? alert?.at;
  const query = useQuery({
    queryKey: ['event', row?.chain, row?.pos],
    enabled: row !== undefined,
    queryFn: ({ signal }) =>
      read(`/events/${row?.chain}/${row?.pos}`, { answer: EventDetail, signal }),
  });
  if (row === undefined) return null;
  return (
    <Answered query={query} what="how it came about">
      {(detail) => (
        <>
          <EventOrigin detail={detail} />
          <EventEvidence detail={{ ...detail, evidence: [] }} />
        </>
      )}
    </Answered>
  );
}
