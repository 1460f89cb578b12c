// What the proxy saw, as observations: requests, tunnels, denials and flows, bounded and clipped.
import { createHash } from 'node:crypto';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import { FloodGate } from './flood-gate.ts';

/** Where observations go; called synchronously, must be cheap and must not throw. */
export type Observe = (observation: Observation) => void;

type Seen<K extends Observation['kind']> = Omit<ObservationOf<K>, 'kind' | 'observedAtNs' | 'raw'>;
export type Denial = Omit<Seen<'network.denied'>, 'repeats'>;
export type Exchange = Seen<'network.http'>;
export type EndedFlow = Seen<'network.flow'>;

interface EgressRecordOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly observe: Observe;
  readonly denialsPerSecondMax: number;
}

const summariesMax = 64;

/** The record of one sandbox's egress. */
export class EgressRecord {
  readonly #options: EgressRecordOptions;
  readonly #denials: FloodGate<Denial>;

  constructor(options: EgressRecordOptions) {
    this.#options = options;
    this.#denials = new FloodGate({
      clock: options.clock,
      perSecondMax: options.denialsPerSecondMax,
      keysMax: summariesMax,
      emit: (denial, repeats) => this.#emitDenial(denial, repeats),
    });
  }

  denied(denial: Denial): void {
    this.#options.counters.add('egress.denied', 1, denial.reason);
    this.#denials.push(() => `${denial.reason} ${denial.host ?? ''}`, denial);
  }

  exchange(exchange: Exchange): void {
    this.#options.counters.add(
      'egress.requests',
      1,
      exchange.method === 'CONNECT' ? 'tunnel' : 'http',
    );
    const { path, ...rest } = exchange;
    const clipped = clip({ path });
    this.#observe({ kind: 'network.http', ...rest, ...clipped });
  }

  flow(flow: EndedFlow): void {
    this.#options.counters.add('egress.flows', 1, flow.ended);
    this.#observe({ kind: 'network.flow', ...flow });
  }

  /** Emits the summaries that wait for their second to end. */
  flush(): void {
    this.#denials.flush();
  }

  #emitDenial(denial: Denial, repeats: number | undefined): void {
    const { path, claimed, destination, ...rest } = denial;
    const { destination: asked = '', ...clipped } = clip({ destination, path, claimed });
    const counted = repeats === undefined ? {} : { repeats };
    this.#observe({ kind: 'network.denied', ...rest, destination: asked, ...clipped, ...counted });
  }

  #observe(observation: WithoutTime<Observation>): void {
    const observedAtNs = this.#options.clock.nowNs().toString();
    this.#options.observe({ ...observation, observedAtNs });
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;

const sizeMax = { destination: 1024, path: 4096, claimed: 255 } as const;
type Clippable = keyof typeof sizeMax;

interface Clipped extends Partial<Record<Clippable, string>> {
  raw?: { field: string; sizeBytes: number; sha256: string }[];
}

/** Cuts hostile text to its bound; the original's size and hash stand in `raw`. */
function clip(fields: Partial<Record<Clippable, string | undefined>>): Clipped {
  const clipped: Clipped = {};
  for (const field of ['destination', 'path', 'claimed'] as const) {
    const value = fields[field];
    if (value === undefined) continue;
    clipped[field] = value.slice(0, sizeMax[field]);
    if (value.length <= sizeMax[field]) continue;
    const sha256 = createHash('sha256').update(value, 'latin1').digest('hex');
    clipped.raw = [...(clipped.raw ?? []), { field, sizeBytes: value.length, sha256 }];
  }
  return clipped;
}
