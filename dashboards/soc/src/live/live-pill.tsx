// Is what is shown current, and is all of it here: the state of the feed in a few words.
import { Link } from '@tanstack/react-router';
import { countText, spanText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { useFeedState } from './feed-context.ts';
import type { FeedState } from './live-feed.ts';
import './live-pill.css';

const staleMs = 5000;

/** The pill: how far behind, how many were lost, and since when nothing was heard. */
export function LivePill() {
  const state = useFeedState();
  const nowMs = useNow(1000);
  const silentMs = state.atMs === 0 ? 0 : Math.max(0, nowMs - state.atMs);
  const isStale = state.phase !== 'closed' && silentMs > staleMs;
  const lost = lostOf(state);
  return (
    <span className="live-pill" role="status">
      <span aria-hidden="true" className={`live-dot live-${isStale ? 'stale' : state.phase}`} />
      <strong>{isStale ? 'Stale' : wordOf[state.phase]}</strong>
      <span className="live-pill-more">
        {isStale ? ` nothing heard for ${spanText(silentMs)}` : behindText(state)}
      </span>
      {lost === '' ? null : (
        <>
          <span className="live-pill-more"> · </span>
          <Link to="/integrity">{lost} lost</Link>
        </>
      )}
    </span>
  );
}

const wordOf = {
  closed: 'Not live',
  connecting: 'Connecting',
  open: 'Live',
  broken: 'Broken off',
} as const;

function behindText({ status, phase }: FeedState): string {
  if (status === undefined || phase !== 'open') return phase === 'broken' ? ' asking again' : '';
  return ` ${spanText(status.behindMs)} behind`;
}

/** Losses that collectors told and rows that this browser was too slow for. */
function lostOf({ status }: FeedState): string {
  if (status === undefined) return '';
  const count = Number(status.lost) + status.dropped;
  const unknown = status.lostUnknown > 0 ? '+' : '';
  return count === 0 && unknown === '' ? '' : `${countText(count)}${unknown}`;
}
