// One page: the bar at its top with crumbs, feed and theme, and its content.
import { IconMenu2, IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { LivePill } from '../live/live-pill.tsx';
import { useSession } from '../session/use-session.ts';
import { setTheme, useTheme } from '../state/theme.ts';
import './page.css';

interface PageProps {
  /** The page's name in the window's title; never text from a sandbox. */
  readonly title: string;
  /** What stands after the tenant, links and text. */
  readonly crumbs: ReactNode;
  readonly children: ReactNode;
}

/** A page within the frame. */
export function Page({ title, crumbs, children }: PageProps) {
  const { data: session } = useSession();
  useEffect(() => {
    document.title = `${title} · Sandtrail`;
  }, [title]);
  return (
    <>
      <header className="page-bar">
        <MenuButton />
        <div className="page-crumbs">
          <span className="page-tenant">{session?.tenant ?? 'sandtrail'}</span>
          <span aria-hidden="true" className="faint page-tenant">
            /
          </span>
          {crumbs}
        </div>
        <LivePill />
        <GoToButton />
        <ThemeButton />
      </header>
      <main className="page-main" id="main">
        {children}
      </main>
    </>
  );
}

/** Opens and closes the navigation on narrow screens; any press elsewhere closes it. */
function MenuButton() {
  useEffect(() => {
    const close = () => delete document.documentElement.dataset['menu'];
    window.addEventListener('click', close);
    return () => {
      close();
      window.removeEventListener('click', close);
    };
  }, []);
  return (
    <button
      aria-label="Navigation"
      className="page-button page-menu"
      onClick={(event) => {
        event.stopPropagation();
        const { dataset } = document.documentElement;
        if (dataset['menu'] === 'open') delete dataset['menu'];
        else dataset['menu'] = 'open';
      }}
      type="button"
    >
      <IconMenu2 aria-hidden="true" size={16} />
    </button>
  );
}

function GoToButton() {
  const press = () =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }));
  return (
    <button className="page-button page-go" onClick={press} type="button">
      <IconSearch aria-hidden="true" size={14} /> Go to <kbd>Ctrl K</kbd>
    </button>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  const Icon = theme === 'dark' ? IconSun : IconMoon;
  return (
    <button
      aria-label={`Use the ${other} theme`}
      className="page-button"
      onClick={() => setTheme(other)}
      type="button"
    >
      <Icon aria-hidden="true" size={15} />
    </button>
  );
}
