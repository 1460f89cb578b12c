// The kit: what every host collector shares. One kit is one epoch of one collector on one node.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream } from '@sandtrail/schemas/stream';
import type { Scanner } from '@sandtrail/secrets/scanner';
import { createEpochKey } from './attestation.ts';
import type { KitConfig } from './config.ts';
import { nextEpoch } from './epoch.ts';
import { Outbox } from './outbox.ts';
import type { Shipper } from './shipper.ts';
import { KitStream } from './stream.ts';

/** What a kit is made of. */
export interface KitOptions {
  /** The collector's name in its streams, such as `ebpf`. */
  readonly collector: string;
  readonly node: string;
  /** Where epoch and spool live; one collector's kit at a time uses its part of it. */
  readonly dir: string;
  readonly shipper: Shipper;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
  readonly config: KitConfig;
}

/** What a stream is about, and what its collector really does (the effective mode). */
export interface OpenOptions {
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  /** In words: `29 of 31 probes attached`. */
  readonly mode: string;
  readonly blindSpots: readonly string[];
}

/** Streams, and the way of their records to the gateway. */
export interface Kit {
  readonly epoch: number;
  /** Streams that are open. */
  readonly streams: ReadonlySet<KitStream>;
  /**
   * Opens a stream; its first record is `collector.started`.
   * @throws SandtrailError `STREAM_TAKEN` when this epoch had the stream already, or has too many
   */
  open(about: OpenOptions): Promise<KitStream>;
  /** Ends all streams, ships for a bounded time, and leaves the rest in the spool. */
  close(reason: string): Promise<void>;
}

const ticksPerHeartbeat = 8;

/**
 * Starts an epoch: its number is durable before this returns, its key is in memory alone.
 * @throws SandtrailError `DATA_DIR_DAMAGED` when the epoch's file cannot be read
 */
export function createKit(options: KitOptions): Kit {
  const { collector, node, dir, config, ...services } = options;
  const epoch = nextEpoch(dir, collector);
  const key = createEpochKey();
  const bootId = readBootId();
  const outbox = new Outbox({ ...services, config, dir: path.join(dir, `${collector}.spool`) });
  const streams = new Set<KitStream>();
  const opened = new Set<string>();
  const tick = () => {
    for (const stream of streams) stream.tick();
  };
  const timer = setInterval(tick, Math.ceil(config.heartbeatMs / ticksPerHeartbeat)).unref();
  return {
    epoch,
    streams,
    async open({ sandbox, incarnation, mode, blindSpots }) {
      const id = formatStream({ collector, node, epoch, sandbox, incarnation });
      if (opened.has(id) || opened.size >= config.streamsMax)
        throw new SandtrailError('STREAM_TAKEN', { detail: id });
      opened.add(id);
      const about = { id, sandbox, incarnation, key, outbox, config };
      const opening = {
        bootId,
        mode: mode.slice(0, 128).toWellFormed(),
        blindSpots: blindSpots.slice(0, 32).map((spot) => spot.slice(0, 256).toWellFormed()),
        publicKey: key.publicKey,
      };
      const stream = new KitStream({ ...services, ...about }, opening, (closed) =>
        streams.delete(closed),
      );
      streams.add(stream);
      return stream;
    },
    async close(reason) {
      clearInterval(timer);
      for (const stream of streams) await stream.close(reason);
      await outbox.close();
    },
  };
}

/** Which boot of the machine this is; `unknown` where the kernel does not say. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
