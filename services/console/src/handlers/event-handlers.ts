// Events: the live feed, pages of them, counts over time.
import { EventQuery, HistogramQuery } from '../contract/event-query.ts';
import { LiveQuery } from '../contract/live.ts';
import { SealPlace } from '../contract/scalars.ts';
import { eventDetail } from '../events/event-detail.ts';
import { eventHistogram } from '../events/event-histogram.ts';
import { eventPage } from '../events/event-page.ts';
import { eventTotals, totalsNotAsked } from '../events/event-totals.ts';
import type { Handlers } from '../http/handlers.ts';
import { liveFeed } from '../live/live-feed.ts';
import type { ConsoleParts } from './console-parts.ts';

/** The handlers of events. */
export function eventHandlers(parts: ConsoleParts) {
  const { queries, live, asking, clock, ledger } = parts;
  return {
    async live({ query, lastEventId, session, isSignedIn, signal }) {
      const { after, ...filter } = LiveQuery.parse(query);
      await asking.record({ session, act: 'live', asked: filter });
      return liveFeed(live, { query: { ...filter, after }, lastEventId, isSignedIn, signal });
    },
    async listEvents({ query, session, signal }) {
      const asked = EventQuery.parse(query);
      const {
        edge: _edge,
        before: _before,
        after: _after,
        limit: _limit,
        totals,
        ...filter
      } = asked;
      await asking.record({ session, act: 'query', asked: filter });
      const askedAtNs = `${clock.nowNs()}`;
      const [page, counted] = await Promise.all([
        eventPage(asked, { queries, signal }),
        totals === 'none' ? totalsNotAsked : eventTotals(filter, { queries, signal }),
      ]);
      return { ...page, totals: counted, askedAtNs };
    },
    async getEvent({ params, session, signal }) {
      const place = SealPlace.parse(params);
      await asking.record({ session, act: 'event', asked: place });
      return eventDetail(place, { queries, signal, books: await ledger.books() });
    },
    async getHistogram({ query, signal }) {
      return eventHistogram(HistogramQuery.parse(query), { queries, signal });
    },
  } satisfies Partial<Handlers>;
}
