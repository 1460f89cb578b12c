// Signing in by a one-time link: its token stands in the fragment, is posted once and forgotten.
import { Session } from '@sandtrail/console/contract/session';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { act } from '../api/ask.ts';
import { problemOf } from '../api/problem-error.ts';
import { ProblemNote } from '../shell/problem-note.tsx';
import './login-page.css';

/** The page. The token leaves the address before anything else happens. */
export function LoginPage() {
  const token = useRef(tokenOnce());
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (given: string) => act('/session', { answer: Session, body: { token: given } }),
    onSuccess: (session) => {
      queries.clear();
      queries.setQueryData(['session'], session);
      const place = sessionStorage.getItem('return') ?? '/live';
      sessionStorage.removeItem('return');
      void navigate({ to: place.startsWith('/') && !place.startsWith('//') ? place : '/live' });
    },
  });
  useEffect(() => {
    document.title = 'Sign in · Sandtrail';
    const given = token.current;
    token.current = '';
    if (given !== '') mutate(given);
  }, [mutate]);
  return (
    <main className="login" id="main">
      <div className="box login-box">
        <h1>Sign in to Sandtrail</h1>
        {isPending ? <p role="status">Checking the link…</p> : null}
        {error === null ? null : <ProblemNote problem={problemOf(error)} />}
        <p>Each person signs in with a link of their own, valid once and for 60 seconds:</p>
        <pre className="event-raw machine-font">
          npx sandtrail console --actor YOU --role analyst
        </pre>
        <p className="muted">
          Who runs that command on the recorder’s machine decides about the role; the sign-in and
          every act of the session are sealed.
        </p>
      </div>
    </main>
  );
}

function tokenOnce(): string {
  const { hash, pathname } = window.location;
  if (hash !== '') window.history.replaceState(null, '', pathname);
  return hash.slice(1);
}
