// The routes of the console: addresses, what their search holds, and which page is loaded for them.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from '@tanstack/react-router';
import {
  AlertSearch,
  AuditSearch,
  EventListSearch,
  RangeSearch,
  SandboxesSearch,
  TimelineSearch,
} from './search.ts';
import { NoSuchPage } from './shell/no-such-page.tsx';
import { PageFault } from './shell/page-fault.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: NoSuchPage });
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyRouteComponent(() => import('./session/login-page.tsx'), 'LoginPage'),
});
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/live' });
  },
});
const live = createRoute({
  getParentRoute: () => shell,
  path: '/live',
  validateSearch: EventListSearch,
  component: lazyRouteComponent(() => import('./live/live-page.tsx'), 'LivePage'),
});
const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  validateSearch: AlertSearch,
  component: lazyRouteComponent(() => import('./alerts/alerts-page.tsx'), 'AlertsPage'),
});
const alert = createRoute({
  getParentRoute: () => shell,
  path: '/alerts/$id',
  validateSearch: AlertSearch,
  component: lazyRouteComponent(() => import('./alerts/alerts-page.tsx'), 'AlertsPage'),
});
const sandboxes = createRoute({
  getParentRoute: () => shell,
  path: '/sandboxes',
  validateSearch: SandboxesSearch,
  component: lazyRouteComponent(() => import('./sandbox/sandboxes-page.tsx'), 'SandboxesPage'),
});
const sandbox = createRoute({
  getParentRoute: () => shell,
  path: '/sandboxes/$uid/$incarnation',
  component: lazyRouteComponent(() => import('./sandbox/sandbox-page.tsx'), 'SandboxPage'),
});
const sandboxHome = createRoute({
  getParentRoute: () => sandbox,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/sandboxes/$uid/$incarnation/timeline', params });
  },
});
const timeline = createRoute({
  getParentRoute: () => sandbox,
  path: '/timeline',
  validateSearch: TimelineSearch,
  component: lazyRouteComponent(() => import('./timeline/timeline-page.tsx'), 'TimelinePage'),
});
const processes = createRoute({
  getParentRoute: () => sandbox,
  path: '/processes',
  validateSearch: TimelineSearch,
  component: lazyRouteComponent(() => import('./sandbox/processes-page.tsx'), 'ProcessesPage'),
});
const network = createRoute({
  getParentRoute: () => sandbox,
  path: '/network',
  component: lazyRouteComponent(() => import('./sandbox/network-page.tsx'), 'NetworkPage'),
});
const containment = createRoute({
  getParentRoute: () => shell,
  path: '/containment',
  component: lazyRouteComponent(
    () => import('./containment/containment-page.tsx'),
    'ContainmentPage',
  ),
});
const integrity = createRoute({
  getParentRoute: () => shell,
  path: '/integrity',
  component: lazyRouteComponent(() => import('./integrity/integrity-page.tsx'), 'IntegrityPage'),
});
const chain = createRoute({
  getParentRoute: () => shell,
  path: '/integrity/$chain',
  validateSearch: RangeSearch,
  component: lazyRouteComponent(() => import('./integrity/chain-page.tsx'), 'ChainPage'),
});
const pipeline = createRoute({
  getParentRoute: () => shell,
  path: '/pipeline',
  component: lazyRouteComponent(() => import('./system/pipeline-page.tsx'), 'PipelinePage'),
});
const fleet = createRoute({
  getParentRoute: () => shell,
  path: '/fleet',
  component: lazyRouteComponent(() => import('./system/fleet-page.tsx'), 'FleetPage'),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: AuditSearch,
  component: lazyRouteComponent(() => import('./system/audit-page.tsx'), 'AuditPage'),
});
const event = createRoute({
  getParentRoute: () => shell,
  path: '/e/$chain/$pos',
  component: lazyRouteComponent(() => import('./event/event-page.tsx'), 'EventPage'),
});

/** The router. Search values are plain text in the address, never JSON. */
export const router = createRouter({
  routeTree: root.addChildren([
    login,
    shell.addChildren([
      ...[home, live, alerts, alert, sandboxes, containment, integrity, chain],
      ...[pipeline, fleet, audit, event],
      sandbox.addChildren([sandboxHome, timeline, processes, network]),
    ]),
  ]),
  parseSearch: parseSearchWith((value) => value),
  stringifySearch: stringifySearchWith(String),
  defaultErrorComponent: PageFault,
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
