// The navigation: where things are, and a count only where somebody must act.
import {
  IconActivity,
  IconAlertTriangle,
  IconBox,
  IconFileSearch,
  IconLock,
  IconServer2,
  IconShieldCheck,
  IconWorldSearch,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import * as z from 'zod';
import { alertCountQuery } from '../alerts/alert-queries.ts';
import { act } from '../api/ask.ts';
import { containmentQuery } from '../containment/containment-queries.ts';
import { useSession } from '../session/use-session.ts';
import './side-bar.css';

const work = [
  { to: '/live', word: 'Live', Icon: IconActivity },
  { to: '/alerts', word: 'Alerts', Icon: IconAlertTriangle },
  { to: '/sandboxes', word: 'Sandboxes', Icon: IconBox },
  { to: '/containment', word: 'Containment', Icon: IconLock },
] as const;
const system = [
  { to: '/integrity', word: 'Integrity', Icon: IconShieldCheck },
  { to: '/pipeline', word: 'Pipeline', Icon: IconServer2 },
  { to: '/fleet', word: 'Fleet', Icon: IconWorldSearch },
  { to: '/audit', word: 'Audit', Icon: IconFileSearch },
] as const;

/** The bar at the side; on narrow screens it opens over the page. */
export function SideBar({ onGoTo }: { readonly onGoTo: () => void }) {
  const { data: session } = useSession();
  const isSignedIn = session !== undefined;
  const open = useQuery({ ...alertCountQuery, enabled: isSignedIn }).data?.byState.open;
  const waiting = useQuery({ ...containmentQuery, enabled: isSignedIn }).data?.waiting.length;
  const counts: Readonly<Record<string, number | undefined>> = {
    '/alerts': open,
    '/containment': waiting,
  };
  return (
    <nav aria-label="Console" className="side-bar">
      <div className="side-bar-name">
        <span aria-hidden="true" className="side-bar-mark" />
        Sandtrail
      </div>
      <ul>
        {work.map((item) => (
          <SideLink count={counts[item.to]} key={item.to} {...item} />
        ))}
      </ul>
      <div className="side-bar-group">Evidence and system</div>
      <ul>
        {system.map((item) => (
          <SideLink key={item.to} {...item} />
        ))}
      </ul>
      <button className="side-bar-go" onClick={onGoTo} type="button">
        Go to… <kbd>Ctrl K</kbd>
      </button>
      {session === undefined ? null : (
        <div className="side-bar-who">
          <div>
            {session.actor} <span className="muted">· {session.role}</span>
          </div>
          <SignOut />
          <div className="muted">
            Tenant {session.tenant} on {session.node}
          </div>
        </div>
      )}
    </nav>
  );
}

type SideItem = (typeof work)[number] | (typeof system)[number];

function SideLink({ to, word, Icon, count }: SideItem & { readonly count?: number | undefined }) {
  return (
    <li>
      <Link className="side-bar-link" to={to}>
        <Icon aria-hidden="true" size={16} stroke={1.6} />
        {word}
        {count === undefined || count === 0 ? null : (
          <span className="side-bar-count">
            {count}
            <span className="visually-hidden"> to act on</span>
          </span>
        )}
      </Link>
    </li>
  );
}

/** Ends the session on the server; the page then finds that nobody is signed in. */
function SignOut() {
  const queries = useQueryClient();
  const leaving = useMutation({
    mutationFn: () => act('/session', { answer: z.undefined(), method: 'DELETE' }),
    onSettled: () => queries.resetQueries(),
  });
  return (
    <button
      className="side-bar-out"
      disabled={leaving.isPending}
      onClick={() => leaving.mutate()}
      type="button"
    >
      Sign out
    </button>
  );
}
