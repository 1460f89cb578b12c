// The host's collectors and their streams: each observation is judged on the fast path, then recorded.
import type {
  Collector,
  CollectorSink,
  EffectiveMode,
  Gap,
  WatchedSandbox,
} from '@sandtrail/host/collector';
import type { ArmedCollector, EndedStream } from '@sandtrail/host/control/protocol';
import type { Watchers } from '@sandtrail/host/registered-sandboxes';
import type { Kit } from '@sandtrail/kit/kit';
import type { KitStream } from '@sandtrail/kit/stream';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { Observation } from '@sandtrail/schemas/observation';

interface WatchersOptions {
  /** In the order of preference: the first that really sees is used, the others are not started. */
  readonly collectors: readonly Collector[];
  /** These watch what no other does: each that works is used, for the sandboxes that it concerns. */
  readonly beside: readonly Collector[];
  /** A new epoch of a collector's kit. */
  readonly openKit: (collector: string) => Kit;
  /** Judges an observation before it is recorded: the kill path never waits for the log. */
  readonly judge: (sandbox: WatchedSandbox, observation: Observation, collector: string) => void;
  /** A sensor died, or sees again: sandboxes whose policy says so wait meanwhile. */
  readonly blind: (reason: string) => void;
  readonly seeing: () => void;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Observations that wait while a collector's next epoch is opened; beyond it they are lost, counted. */
const waitingMax = 20_000;

interface Sensor {
  readonly collector: Collector;
  readonly streams: CollectorStreams;
  readonly mode: EffectiveMode;
}

/** The host's collectors; nothing sees before `start`. */
export class HostWatchers implements Watchers {
  readonly #options: WatchersOptions;
  readonly #own: CollectorStreams;
  readonly #sensors: Sensor[] = [];

  constructor(options: WatchersOptions) {
    this.#options = options;
    this.#own = new CollectorStreams({ ...options, name: 'host', mode: hostMode });
  }

  /** Starts the best collector that works here; each that does not is told with its reason. */
  async start(): Promise<void> {
    for (const collector of this.#options.beside) await this.#start(collector);
    for (const collector of this.#options.collectors) {
      if ((await this.#start(collector)).on) return;
    }
  }

  async #start(collector: Collector): Promise<EffectiveMode> {
    const { name } = collector;
    const streams = new CollectorStreams({ ...this.#options, name, mode: unknownMode });
    const mode = await startCollector(collector, streams, this.#options);
    streams.mode = mode;
    this.#sensors.push({ collector, streams, mode });
    return mode;
  }

  async watch(sandbox: WatchedSandbox): Promise<readonly ArmedCollector[]> {
    await this.#own.open(sandbox);
    for (const { collector, streams } of this.#on(sandbox)) {
      await streams.open(sandbox);
      await collector.watch(sandbox);
    }
    return this.#sensors
      .filter(({ collector }) => concerns(collector, sandbox))
      .map(({ collector: { name }, mode: { on, detail } }) => {
        return { name, on, detail: detail.slice(0, 1024) };
      });
  }

  async unwatch(sandbox: WatchedSandbox): Promise<readonly EndedStream[]> {
    const ends: EndedStream[] = [];
    for (const { collector, streams } of this.#on(sandbox)) {
      await collector.unwatch(sandbox);
      ends.push(...(await streams.close(sandbox, 'the sandbox is gone')));
    }
    return [...ends, ...(await this.#own.close(sandbox, 'the sandbox is gone'))];
  }

  observe(sandbox: WatchedSandbox, observation: Observation): void {
    this.#own.observe(sandbox, observation);
  }

  async stop(): Promise<void> {
    for (const { collector } of this.#on()) await collector.stop();
    for (const { streams } of this.#on()) await streams.stop();
    await this.#own.stop();
  }

  #on(sandbox?: WatchedSandbox): readonly Sensor[] {
    return this.#sensors.filter(
      ({ mode, collector }) => mode.on && (sandbox === undefined || concerns(collector, sandbox)),
    );
  }
}

function concerns(collector: Collector, sandbox: WatchedSandbox): boolean {
  return collector.concerns?.(sandbox) ?? true;
}

const hostMode: EffectiveMode = { on: true, detail: 'the host daemon itself', blindSpots: [] };
const unknownMode: EffectiveMode = { on: false, detail: 'starting', blindSpots: [] };

async function startCollector(
  collector: Collector,
  streams: CollectorStreams,
  { judge, blind, seeing, log }: WatchersOptions,
): Promise<EffectiveMode> {
  const sink: CollectorSink = {
    observe(sandbox, observation) {
      judge(sandbox, observation, collector.name);
      streams.observe(sandbox, observation);
    },
    lost(sandbox, gap) {
      streams.lost(sandbox, gap);
      if (sandbox === undefined && gap.reason === 'restart') seeing();
    },
    restarted(reason) {
      blind(reason);
      streams.nextEpoch(reason);
    },
  };
  try {
    const mode = await collector.start(sink);
    log.info('a collector watches', { collector: collector.name, mode: mode.detail });
    return mode;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.error('a collector is off', { collector: collector.name, detail });
    return { on: false, detail, blindSpots: [`everything that ${collector.name} would have seen`] };
  }
}

interface StreamsOptions extends Pick<WatchersOptions, 'openKit' | 'counters' | 'log'> {
  readonly name: string;
  readonly mode: EffectiveMode;
}

type Waiting = () => void;

/** One collector's streams, by sandbox; a restart of the collector gives all of them a new epoch. */
class CollectorStreams {
  mode: EffectiveMode;
  readonly #options: StreamsOptions;
  readonly #sandboxes = new Map<string, WatchedSandbox>();
  readonly #streams = new Map<string, KitStream>();
  #kit: Kit;
  /** Set while the next epoch is opened: what comes in waits in order. */
  #waiting: Waiting[] | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.#kit = options.openKit(options.name);
  }

  open(sandbox: WatchedSandbox): Promise<void> {
    return this.#inTurn(async () => {
      this.#sandboxes.set(keyOf(sandbox), sandbox);
      await this.#openStream(sandbox);
    });
  }

  observe(sandbox: WatchedSandbox, observation: Observation): void {
    this.#now(() => this.#streams.get(keyOf(sandbox))?.emit(observation));
  }

  lost(sandbox: WatchedSandbox | undefined, gap: Gap): void {
    this.#now(() => {
      if (sandbox !== undefined) this.#streams.get(keyOf(sandbox))?.lost(gap);
      else for (const stream of this.#streams.values()) stream.lost({ ...gap, scope: 'host' });
    });
  }

  nextEpoch(reason: string): void {
    const { name, counters, log } = this.#options;
    counters.add('host.collector_restarts', 1, name);
    log.warn('a collector was restarted', { collector: name, reason });
    this.#waiting ??= [];
    const change = this.#inTurn(async () => {
      await this.#kit.close(reason);
      this.#streams.clear();
      this.#kit = this.#options.openKit(name);
      for (const sandbox of this.#sandboxes.values()) await this.#openStream(sandbox);
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const act of waiting) act();
    });
    change.catch((error: unknown) => {
      counters.add('host.epochs_failed', 1, name);
      log.error('a new epoch could not be opened', { collector: name, error: String(error) });
    });
  }

  async close(sandbox: WatchedSandbox, reason: string) {
    const ends: EndedStream[] = [];
    await this.#inTurn(async () => {
      const key = keyOf(sandbox);
      const stream = this.#streams.get(key);
      this.#sandboxes.delete(key);
      this.#streams.delete(key);
      if (stream === undefined) return;
      await stream.close(reason);
      ends.push({ stream: stream.id, lastSeq: `${stream.nextSeq - 1n}` });
    });
    return ends;
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#kit.close('the host daemon ends'));
  }

  async #openStream({ uid: sandbox, incarnation, ...rest }: WatchedSandbox): Promise<void> {
    const { detail: mode, blindSpots } = this.mode;
    const stream = await this.#kit.open({ sandbox, incarnation, mode, blindSpots });
    this.#streams.set(keyOf({ uid: sandbox, incarnation, ...rest }), stream);
  }

  #now(act: Waiting): void {
    if (this.#waiting === undefined) act();
    else if (this.#waiting.length < waitingMax) this.#waiting.push(act);
    else this.#options.counters.add('host.observations_dropped', 1, 'epoch_change');
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

function keyOf({ uid, incarnation }: Pick<WatchedSandbox, 'uid' | 'incarnation'>): string {
  return `${uid}:${incarnation}`;
}
