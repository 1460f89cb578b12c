// One sandbox: who it is, how it stands, and its views beside each other.
import type { SandboxDetail } from '@sandtrail/console/contract/sandboxes';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useParams } from '@tanstack/react-router';
import { ContainButton } from '../containment/contain-button.tsx';
import { Ladder } from '../containment/ladder.tsx';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { Machine } from '../text/machine.tsx';
import { bytesText, msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { sandboxQuery } from './sandbox-queries.ts';
import { SandboxStatePill } from './sandboxes-page.tsx';
import './sandbox-page.css';

const views = [
  { to: '/sandboxes/$uid/$incarnation/timeline', word: 'Timeline' },
  { to: '/sandboxes/$uid/$incarnation/processes', word: 'Processes' },
  { to: '/sandboxes/$uid/$incarnation/network', word: 'Network' },
] as const;

/** The page around the three views. */
export function SandboxPage() {
  const params = useParams({ from: '/shell/sandboxes/$uid/$incarnation' });
  const query = useQuery(sandboxQuery(params.uid, Number(params.incarnation)));
  const crumbs = (
    <>
      <Link to="/sandboxes">Sandboxes</Link> <span className="faint">/</span>{' '}
      <Machine charsMax={64} text={params.uid} />
    </>
  );
  return (
    <Page crumbs={crumbs} title="Sandbox">
      <Answered query={query} what="the sandbox">
        {(sandbox) => (
          <>
            <Head sandbox={sandbox} />
            <div className="box sandbox-ladder">
              <Ladder rungs={sandbox.ladder} />
              <div className="sandbox-acts">
                <ContainButton incarnation={sandbox.incarnation} uid={sandbox.uid} />
              </div>
            </div>
            <nav aria-label="Views of the sandbox" className="sandbox-views">
              {views.map(({ to, word }) => (
                <Link className="sandbox-view" key={to} params={params} to={to}>
                  {word}
                </Link>
              ))}
            </nav>
            <Outlet />
          </>
        )}
      </Answered>
    </Page>
  );
}

function Head({ sandbox }: { readonly sandbox: SandboxDetail }) {
  const { name, template, isolation, isolationDeclared, node, bytesOut, createdAtNs } = sandbox;
  const facts = [
    ['Template', template === null ? 'none' : <Machine key="template" text={template} />],
    [
      'Isolation',
      isolation === isolationDeclared ? isolation : `${isolation}, declared ${isolationDeclared}`,
    ],
    ['Node', node],
    ['Left before denial', bytesText(bytesOut.beforeDenial)],
    ['Lost', `${sandbox.lost}${sandbox.lostUnknown > 0 ? ', and losses of unknown size' : ''}`],
    ['Created', <Moment key="created" timeMs={msOf(createdAtNs)} />],
  ] as const;
  return (
    <div>
      <div className="sandbox-name">
        <h1>
          <Machine speech text={name} />
        </h1>
        <SandboxStatePill sandbox={sandbox} />
        {sandbox.unenforced.length === 0 ? null : (
          <span className="muted">
            not enforced here: {sandbox.unenforced.map(({ field }) => field).join(', ')}
          </span>
        )}
      </div>
      <dl className="sandbox-facts">
        {facts.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
