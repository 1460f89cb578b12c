// The frame around every page: navigation, keys that work everywhere, and who is signed in.
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useContext, useEffect, useState } from 'react';
import { problemOf } from '../api/problem-error.ts';
import { useKeys } from '../keys/use-keys.ts';
import { attentionQuery, FeedContext } from '../live/feed-context.ts';
import { useFreshness } from '../live/use-freshness.ts';
import { useSession } from '../session/use-session.ts';
import { GoTo } from './go-to.tsx';
import { KeySheet } from './key-sheet.tsx';
import { ProblemNote } from './problem-note.tsx';
import { SideBar } from './side-bar.tsx';
import { Waiting } from './waiting.tsx';
import './shell.css';

/** The frame. Without a session it leads to the sign-in; whatever else fails, it says so. */
export function Shell() {
  const [open, setOpen] = useState<'nothing' | 'keys' | 'go-to'>('nothing');
  const session = useSession();
  const problem = session.error === null ? undefined : problemOf(session.error);
  const isSignedOut = problem?.status === 401;
  useSignIn(isSignedOut);
  useFeedWhile(session.data !== undefined && !isSignedOut);
  useFreshness();
  useGoKeys({ showKeys: () => setOpen('keys') });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== 'k') return;
      event.preventDefault();
      setOpen('go-to');
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const close = () => setOpen('nothing');
  return (
    <div className="shell">
      <a className="shell-skip" href="#main">
        To the content
      </a>
      <SideBar onGoTo={() => setOpen('go-to')} />
      <div className="shell-page">
        {problem === undefined || isSignedOut ? null : (
          <ProblemNote problem={problem} retry={() => session.refetch()} />
        )}
        {session.data === undefined ? null : <Outlet />}
        {session.isPending ? <Waiting retry={session.refetch} what="the session" /> : null}
      </div>
      {open === 'keys' ? <KeySheet onClose={close} /> : null}
      {open === 'go-to' ? <GoTo onClose={close} /> : null}
    </div>
  );
}

function useSignIn(isSignedOut: boolean): void {
  const navigate = useNavigate();
  const place = useRouterState({ select: ({ location }) => location.href });
  useEffect(() => {
    if (!isSignedOut) return;
    sessionStorage.setItem('return', place);
    void navigate({ to: '/login' });
  }, [isSignedOut, navigate, place]);
}

/** The feed runs while somebody is signed in; pages with rows of their own follow those instead. */
function useFeedWhile(isSignedIn: boolean): void {
  const feed = useContext(FeedContext);
  useEffect(() => {
    if (!isSignedIn) return;
    if (feed.state().phase === 'closed') feed.follow(attentionQuery);
    return () => feed.close();
  }, [feed, isSignedIn]);
}

function useGoKeys({ showKeys }: { readonly showKeys: () => void }): void {
  const navigate = useNavigate();
  useKeys({
    keys: showKeys,
    'go-alerts': () => navigate({ to: '/alerts' }),
    'go-live': () => navigate({ to: '/live' }),
    'go-sandboxes': () => navigate({ to: '/sandboxes' }),
    'go-containment': () => navigate({ to: '/containment' }),
    'go-integrity': () => navigate({ to: '/integrity' }),
    'copy-link': () => navigator.clipboard.writeText(window.location.href),
  });
}
