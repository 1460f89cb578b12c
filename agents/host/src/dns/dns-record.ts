// What the resolver saw, as observations: every query with its verdict, floods summarised with a count.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { Observe } from '../egress/egress-record.ts';
import { FloodGate } from '../egress/flood-gate.ts';
import { registeredDomain } from './dns-budget.ts';

/** A query and what became of it. */
export type Judged = Omit<
  ObservationOf<'network.dns'>,
  'kind' | 'observedAtNs' | 'repeats' | 'raw'
>;

interface DnsRecordOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly observe: Observe;
  readonly observationsPerSecondMax: number;
}

const summariesMax = 64;

/** The record of one sandbox's queries. */
export class DnsRecord {
  readonly #options: DnsRecordOptions;
  readonly #gate: FloodGate<Judged>;

  constructor(options: DnsRecordOptions) {
    this.#options = options;
    this.#gate = new FloodGate({
      clock: options.clock,
      perSecondMax: options.observationsPerSecondMax,
      keysMax: summariesMax,
      emit: (judged, repeats) => this.#emit(judged, repeats),
    });
  }

  judged(judged: Judged): void {
    this.#options.counters.add('dns.queries', 1, judged.reason ?? judged.verdict);
    this.#gate.push(() => `${judged.reason ?? ''} ${registeredDomain(judged.name)}`, judged);
  }

  /** A packet that is no query; it names nothing that could be told. */
  malformed(): void {
    this.judged({ name: '', type: '', verdict: 'refused', reason: 'malformed', answers: [] });
  }

  /** A query that was not even read. */
  dropped(): void {
    this.judged({ name: '', type: '', verdict: 'refused', reason: 'limit', answers: [] });
  }

  /** Emits the summaries that wait for their second to end. */
  flush(): void {
    this.#gate.flush();
  }

  #emit(judged: Judged, repeats: number | undefined): void {
    const observedAtNs = this.#options.clock.nowNs().toString();
    const summary = repeats === undefined ? {} : { name: registeredDomain(judged.name), repeats };
    this.#options.observe({ kind: 'network.dns', observedAtNs, ...judged, ...summary });
  }
}
