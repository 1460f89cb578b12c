// Every address of the console that a test opens, for a sandbox, an event, an alert and a chain.

/** What the addresses are about. */
export interface Subjects {
  readonly uid: string;
  readonly incarnation: number;
  readonly alert: string;
  readonly event: { readonly chain: string; readonly pos: string };
}

/** Address by name; with a panel where a page has one. */
export function consoleRoutes({ uid, incarnation, alert, event }: Subjects) {
  const sandbox = `/sandboxes/${uid}/${incarnation}`;
  const row = `row=${event.chain}.${event.pos}&panel=open`;
  return {
    live: '/live',
    'live with a panel': `/live?${row}`,
    alerts: '/alerts',
    'an alert': `/alerts/${alert}`,
    sandboxes: '/sandboxes',
    timeline: `${sandbox}/timeline`,
    'timeline by time with a panel': `${sandbox}/timeline?order=time&${row}`,
    processes: `${sandbox}/processes`,
    network: `${sandbox}/network`,
    containment: '/containment',
    integrity: '/integrity',
    'a chain': `/integrity/${event.chain}`,
    pipeline: '/pipeline',
    fleet: '/fleet',
    audit: '/audit',
    'an event': `/e/${event.chain}/${event.pos}`,
    login: '/login',
  } as const;
}
