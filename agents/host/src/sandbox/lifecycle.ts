// What is told of a sandbox's life: created, not enforced, started, paused, killed, destroyed.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import type { RecorderStream } from './recorder.ts';

type Kind = Extract<Observation['kind'], `sandbox.${string}`>;
type Own<K extends Kind> = Omit<ObservationOf<K>, 'kind' | 'observedAtNs'>;

/** Tells of one sandbox's life, each act with its time. */
export interface Lifecycle {
  created(own: Own<'sandbox.created'>): void;
  unenforced(own: Own<'sandbox.unenforced'>): void;
  started(own: Own<'sandbox.started'>): void;
  paused(own: Own<'sandbox.paused'>): void;
  killed(own: Own<'sandbox.killed'>): void;
  destroyed(own: Own<'sandbox.destroyed'>): void;
}

interface LifecycleOptions {
  readonly stream: RecorderStream;
  readonly clock: Clock;
}

/** Writes to the runner's own stream about its sandbox. */
export function createLifecycle({ stream, clock }: LifecycleOptions): Lifecycle {
  const now = () => clock.nowNs().toString();
  return {
    created: (own) => stream.emit({ kind: 'sandbox.created', observedAtNs: now(), ...own }),
    unenforced: (own) => stream.emit({ kind: 'sandbox.unenforced', observedAtNs: now(), ...own }),
    started: (own) => stream.emit({ kind: 'sandbox.started', observedAtNs: now(), ...own }),
    paused: (own) => stream.emit({ kind: 'sandbox.paused', observedAtNs: now(), ...own }),
    killed: (own) => stream.emit({ kind: 'sandbox.killed', observedAtNs: now(), ...own }),
    destroyed: (own) => stream.emit({ kind: 'sandbox.destroyed', observedAtNs: now(), ...own }),
  };
}
