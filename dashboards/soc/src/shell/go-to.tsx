// Ctrl K: pages, acts that are possible here, and sandboxes by name.
import { SandboxPage } from '@sandtrail/console/contract/sandboxes';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useDeferredValue, useState } from 'react';
import { read } from '../api/ask.ts';
import { isAnswered, runAct } from '../keys/key-hub.ts';
import { keyMap, keyText } from '../keys/key-map.ts';
import { nextDensity } from '../state/theme.ts';
import { plainText } from '../text/code-points.ts';
import { Dialog } from './dialog.tsx';
import './go-to.css';

interface Place {
  readonly key: string;
  readonly words: string;
  readonly hint: string;
  readonly go: () => unknown;
}

/** The dialog: type, choose with the arrows, Enter goes there. */
export function GoTo({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const places = usePlaces(typed);
  const go = (place: Place | undefined) => {
    if (place === undefined) return;
    onClose();
    place.go();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setChosen((at) => Math.max(0, Math.min(places.length - 1, at + step)));
    } else if (event.key === 'Enter') go(places[chosen]);
  };
  return (
    <Dialog closing="Close" onClose={onClose} size={560} title="Go to">
      <input
        aria-activedescendant={places.length === 0 ? undefined : `go-to-${chosen}`}
        aria-controls="go-to-places"
        aria-expanded="true"
        aria-label="Page, act or sandbox"
        className="field go-to-field"
        data-autofocus
        onChange={({ target }) => {
          setTyped(target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
        placeholder="Page, act, name or uid of a sandbox"
        role="combobox"
        value={typed}
      />
      <div aria-label="Places" className="go-to-places" id="go-to-places" role="listbox">
        {places.map((place, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            aria-selected={at === chosen}
            className="go-to-place"
            id={`go-to-${at}`}
            key={place.key}
            onClick={() => go(place)}
            role="option"
            tabIndex={-1}
          >
            {place.words} <span className="faint">{place.hint}</span>
          </div>
        ))}
      </div>
      {places.length === 0 ? <p className="muted">Nothing of that name.</p> : null}
    </Dialog>
  );
}

const pages = {
  '/live': 'Live',
  '/alerts': 'Alerts',
  '/sandboxes': 'Sandboxes',
  '/containment': 'Containment',
  '/integrity': 'Integrity',
  '/pipeline': 'Pipeline',
  '/fleet': 'Fleet',
  '/audit': 'Audit',
} as const;
const sandboxesMax = 8;

function usePlaces(typed: string): readonly Place[] {
  const navigate = useNavigate();
  const search = useDeferredValue(typed.trim());
  const { data } = useQuery({
    queryKey: ['sandboxes', 'go-to', search],
    queryFn: ({ signal }) =>
      read('/sandboxes', { answer: SandboxPage, query: { search, limit: sandboxesMax }, signal }),
  });
  const fits = (words: string) => words.toLowerCase().includes(typed.trim().toLowerCase());
  const pagePlaces = Object.keys(pages).flatMap((to) =>
    isPage(to) ? [{ key: to, words: pages[to], hint: 'page', go: () => navigate({ to }) }] : [],
  );
  const density = {
    ...{ key: 'density', words: 'Next height of rows', hint: 'compact, normal, roomy' },
    go: nextDensity,
  };
  const acts = keyMap
    .filter(({ act, group }) => group !== 'Go to' && group !== 'Rows' && isAnswered(act))
    .map(({ act, words, keys }) => ({
      ...{ key: act, words, hint: keys.map(keyText).join(' ') },
      go: () => runAct(act),
    }));
  const sandboxes = (data?.sandboxes ?? []).map(({ uid, incarnation, name, state }) => ({
    key: `${uid} ${incarnation}`,
    words: plainText(name),
    hint: `sandbox ${uid}, ${state}`,
    go: () =>
      navigate({
        to: '/sandboxes/$uid/$incarnation/timeline',
        params: { uid, incarnation: `${incarnation}` },
      }),
  }));
  return [...[...pagePlaces, ...acts, density].filter(({ words }) => fits(words)), ...sandboxes];
}

function isPage(to: string): to is keyof typeof pages {
  return to in pages;
}
