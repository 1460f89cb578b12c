// One event beside the list: what happened, what can be done, how it came about, and its evidence.
import { EventDetail } from '@sandtrail/console/contract/event-detail';
import type { SealPlace } from '@sandtrail/console/contract/scalars';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { read } from '../api/ask.ts';
import { useKeys } from '../keys/use-keys.ts';
import { Answered } from '../shell/answered.tsx';
import { EventBody } from './event-body.tsx';
import './event-panel.css';

interface EventPanelProps {
  readonly place: SealPlace | undefined;
  /** Ids of findings that rest on the event: they lead the panel. */
  readonly findings?: readonly string[];
  readonly onClose: () => void;
}

/** The panel of an event. It stays as it is while rows come in. */
export function EventPanel({ place, findings = [], onClose }: EventPanelProps) {
  return (
    <SidePanel label="Event" onClose={onClose}>
      {place === undefined ? (
        <p className="muted">Choose a row: its event is shown here.</p>
      ) : (
        <EventByPlace findings={findings} key={`${place.chain}.${place.pos}`} place={place} />
      )}
    </SidePanel>
  );
}

interface EventByPlaceProps {
  readonly place: SealPlace;
  readonly findings?: readonly string[];
}

/** The event at a place of a chain, asked for. */
export function EventByPlace({ place, findings = [] }: EventByPlaceProps) {
  const query = useQuery({
    queryKey: ['event', place.chain, place.pos],
    queryFn: ({ signal }) =>
      read(`/events/${place.chain}/${place.pos}`, { answer: EventDetail, signal }),
  });
  return (
    <Answered query={query} what="the event">
      {(detail) => <EventBody detail={detail} findings={findings} />}
    </Answered>
  );
}

interface SidePanelProps {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A panel beside the list; Esc closes it. On narrow screens it covers the page and takes focus. */
export function SidePanel({ label, onClose, children }: SidePanelProps) {
  const closing = useRef<HTMLButtonElement>(null);
  useKeys({ back: onClose });
  useEffect(() => {
    if (matchMedia('(max-width: 720px)').matches) closing.current?.focus();
  }, []);
  return (
    <aside aria-label={label} className="side-panel">
      <button
        aria-label="Close the panel"
        className="side-panel-close"
        onClick={onClose}
        ref={closing}
        type="button"
      >
        <IconX aria-hidden="true" size={16} />
      </button>
      {children}
    </aside>
  );
}
