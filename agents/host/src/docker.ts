// The docker collector: what the engine says it did to watched containers, exec sessions above all.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Collector, CollectorSink, EffectiveMode, WatchedSandbox } from './collector.ts';
import type { DockerEvent } from './docker/event.ts';
import type { EventFeed, EventGap } from './docker/event-feed.ts';

interface DockerOptions {
  /** Of each engine that is watched; who runs them is not this collector's affair. */
  readonly feeds: readonly EventFeed[];
  readonly clock: Clock;
  readonly counters: Counters;
}

const blindSpots = [
  'what happens inside a container: only what the engine is asked to do',
  'who asked the engine',
  'acts that bypass the engine (nsenter, runc, containerd)',
];
const execsMax = 1_024;

/** Tells of exec sessions, pauses, kills and networks; lives as long as its feeds. */
export function createDockerCollector({ feeds, counters }: DockerOptions): Collector {
  const sandboxes = new Map<string, WatchedSandbox>();
  const execs = new Map<string, readonly string[]>();
  let sink: CollectorSink | undefined;
  const event = (event: DockerEvent) => {
    const sandbox = sandboxes.get(event.container);
    if (sandbox === undefined) return;
    const observation = observe(event, execs);
    if (observation === undefined) counters.add('docker.events_untold');
    else sink?.observe(sandbox, observation);
  };
  const lost = ({ firstNs, lastNs }: EventGap) => {
    const gap = { source: 'docker', count: 0n, firstNs, lastNs, reason: 'restart' } as const;
    for (const sandbox of sandboxes.values()) sink?.lost(sandbox, gap);
  };
  const mode: EffectiveMode = {
    on: feeds.length > 0,
    detail: `the events of ${feeds.length} engines`,
    blindSpots,
  };
  return {
    name: 'docker',
    concerns: ({ container }) => container !== undefined,
    start: (to) => {
      sink = to;
      for (const feed of feeds) feed.listen({ event, lost });
      return Promise.resolve(mode);
    },
    watch: (sandbox) => {
      if (sandbox.container !== undefined) sandboxes.set(sandbox.container.id, sandbox);
      return Promise.resolve();
    },
    unwatch: ({ container }) => {
      if (container !== undefined) sandboxes.delete(container.id);
      return Promise.resolve();
    },
    stop: () => {
      sandboxes.clear();
      return Promise.resolve();
    },
  };
}

const by = 'docker';

/** What an event is in the house's kinds; `undefined` for what nobody asks after. */
export function observe(
  { action, rest, attributes, timeNs }: DockerEvent,
  execs: Map<string, readonly string[]>,
): Observation | undefined {
  const observedAtNs = `${timeNs}`;
  switch (action) {
    case 'pause':
      return { kind: 'sandbox.paused', observedAtNs, by, reason: 'the engine paused it' };
    case 'unpause':
      return { kind: 'sandbox.resumed', observedAtNs, by, reason: 'the engine resumed it' };
    case 'kill': {
      const signal = attributes['signal'] ?? '?';
      const reason = `the engine sent it signal ${signal.slice(0, 16)}`;
      return { kind: 'sandbox.killed', observedAtNs, by, reason };
    }
    case 'exec_create': {
      const argv = [rest.slice(0, 4096).toWellFormed()];
      remember(execs, attributes['execID'] ?? '', argv);
      return { kind: 'command', observedAtNs, phase: 'started', argv };
    }
    case 'exec_die': {
      const exec = attributes['execID'] ?? '';
      const argv = execs.get(exec) ?? [];
      execs.delete(exec);
      const code = Number(attributes['exitCode']);
      const exit = Number.isSafeInteger(code) && code >= 0 ? { exitCode: code } : {};
      return { kind: 'command', observedAtNs, phase: 'finished', argv: [...argv], ...exit };
    }
    default:
      return undefined;
  }
}

/** Commands of sessions under way, to be told again at their end. */
function remember(execs: Map<string, readonly string[]>, id: string, argv: readonly string[]) {
  execs.set(id, argv);
  const [oldest] = execs.keys();
  if (execs.size > execsMax && oldest !== undefined) execs.delete(oldest);
}
