// The gvisor collector: what runs inside gVisor sandboxes, as their Sentries' trace points tell it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { every } from '@sandtrail/runtime/supervise';
import type { Collector, CollectorSink, EffectiveMode, Gap, WatchedSandbox } from './collector.ts';
import { type Monitor, startMonitor } from './gvisor/monitor.ts';
import { observePoint } from './gvisor/observe.ts';
import { createSession, sessionText, type TraceAbility, traceAbility } from './gvisor/session.ts';

interface GvisorOptions {
  /** For sockets and session files; its path is short enough for a socket below it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

const blindSpots = [
  'what a Sentry that was taken over does not tell: it is the witness and the suspect',
  'sends without a connection, such as DNS queries',
  'unlink, rename, link, chmod and mkdir',
  'the paths of mount, pivot_root and memfd_create: only that they were called',
  'what ran before the session began, a fraction of a second after the start',
];
const flushMs = 1_000;
const hungUpNsMax = 3_000_000_000n;

interface Watched {
  readonly sandbox: WatchedSandbox;
  readonly monitor: Monitor;
  /** Losses since they were told last, by reason. */
  readonly losses: Map<Gap['reason'], number>;
  flushedNs: bigint;
  /** When its Sentry hung up: its end, unless the sandbox goes on for a while. */
  hungUpNs: bigint | undefined;
}

/** Attaches a trace session to each gVisor sandbox that it is told of; needs root and `runsc`. */
export function createGvisorCollector(options: GvisorOptions): Collector {
  return new Gvisor(options);
}

class Gvisor implements Collector {
  readonly name = 'gvisor';
  readonly #options: GvisorOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #stopped = new AbortController();
  #sink: CollectorSink | undefined;
  #ability: TraceAbility = { available: [], missing: [] };
  #flushing: Promise<void> | undefined;

  constructor(options: GvisorOptions) {
    this.#options = options;
  }

  concerns({ container }: WatchedSandbox): boolean {
    return container?.runscRoot !== undefined;
  }

  async start(sink: CollectorSink): Promise<EffectiveMode> {
    this.#sink = sink;
    this.#ability = await traceAbility();
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    const { signal } = this.#stopped;
    this.#flushing = every({ ms: flushMs, signal }, () => {
      for (const watched of this.#watched.values()) this.#flush(watched);
    });
    const { available, missing } = this.#ability;
    const without = missing.length === 0 ? '' : `; without ${missing.join(', ')}`;
    const detail = `seccheck, ${available.length} points, fast: drops are counted${without}`;
    return { on: available.length > 0, detail, blindSpots };
  }

  /** A session that cannot be begun is a gap without an end: nobody sees into that sandbox. */
  async watch(sandbox: WatchedSandbox): Promise<void> {
    const { clock, counters, logger, directory } = this.#options;
    const { uid, container, initPid: sandboxPid } = sandbox;
    if (container?.runscRoot === undefined) return;
    const firstNs = clock.nowNs();
    const socketPath = join(directory, `${uid.slice(-16)}.sock`);
    const configFile = join(directory, `${uid}.json`);
    try {
      this.#watched.set(uid, this.#listen(sandbox, socketPath));
      writeFileSync(configFile, sessionText(socketPath, this.#ability), { mode: 0o600 });
      const { runscRoot: root, id } = container;
      await createSession({ sandboxPid, root, container: id, configFile });
    } catch (error) {
      counters.add('gvisor.sessions_failed');
      logger.error('a gVisor sandbox cannot be looked into', { uid, error: String(error) });
      const gap = { source: 'gvisor', count: 0n, firstNs, lastNs: clock.nowNs() };
      this.#sink?.lost(sandbox, { ...gap, reason: 'collector_died' });
    } finally {
      rmSync(configFile, { force: true });
    }
  }

  #listen(sandbox: WatchedSandbox, socketPath: string): Watched {
    const { clock, counters } = this.#options;
    const monitor = startMonitor({
      socketPath,
      onPoint: (type, message) => {
        const observation = observePoint(type, message, { nowNs: clock.nowNs() });
        if (observation === undefined) counters.add('gvisor.points_untold');
        else this.#sink?.observe(sandbox, observation);
        counters.add('gvisor.points');
      },
      onLoss: (reason, count) => {
        counters.add('gvisor.points_lost', count, reason);
        watched.losses.set(reason, (watched.losses.get(reason) ?? 0) + count);
      },
      onHangUp: () => {
        watched.hungUpNs = clock.nowNs();
      },
    });
    const flushedNs = clock.nowNs();
    const watched: Watched = {
      ...{ sandbox, monitor, losses: new Map(), flushedNs },
      hungUpNs: undefined,
    };
    return watched;
  }

  async unwatch({ uid }: WatchedSandbox): Promise<void> {
    const watched = this.#watched.get(uid);
    if (watched === undefined) return;
    await watched.monitor.close();
    this.#flush(watched);
    this.#watched.delete(uid);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#flushing;
    await Promise.all([...this.#watched.values()].map(({ monitor }) => monitor.close()));
    this.#watched.clear();
    rmSync(this.#options.directory, { recursive: true, force: true });
  }

  #flush(watched: Watched): void {
    const lastNs = this.#options.clock.nowNs();
    const firstNs = watched.flushedNs;
    watched.flushedNs = lastNs;
    if (watched.hungUpNs !== undefined && lastNs - watched.hungUpNs > hungUpNsMax) {
      watched.hungUpNs = undefined;
      watched.losses.set('collector_died', 0);
    }
    for (const [reason, count] of watched.losses) {
      const gap = { source: 'gvisor', count: BigInt(count), firstNs, lastNs, reason };
      this.#sink?.lost(watched.sandbox, gap);
    }
    watched.losses.clear();
  }
}
