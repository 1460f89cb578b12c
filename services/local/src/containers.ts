// Sandboxes of container engines: their feeds, their collector, and the schedulers that register them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Collector } from '@sandtrail/host/collector';
import { createDockerCollector } from '@sandtrail/host/docker';
import { EventFeed } from '@sandtrail/host/docker/event-feed';
import {
  type ContainerRecord,
  DockerScheduler,
  type Watching,
} from '@sandtrail/host/docker/scheduler';
import type { DriverChoice } from '@sandtrail/host/driver/driver';
import { createGvisorCollector } from '@sandtrail/host/gvisor';
import type { RegisteredSandboxes } from '@sandtrail/host/registered-sandboxes';
import { parsePolicy } from '@sandtrail/policy/parse-policy';
import { every } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Policy } from '@sandtrail/schemas/policy';
import { keyFilesOf } from './keys.ts';
import type { Layout } from './layout.ts';
import type { Surroundings } from './role.ts';
import { endSandbox, registerSandbox } from './sandbox-door.ts';
import type { RecordService } from './service-records.ts';

interface Parts {
  readonly sandboxes: RegisteredSandboxes;
  readonly driverOf: DriverChoice;
  readonly record: RecordService;
}

/** The engines of this host. */
export interface Containers {
  readonly collectors: readonly Collector[];
  /** Gives the schedulers what they register with; once, before `run`. */
  attach(parts: Parts): void;
  /** Follows the engines until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Watches a container that runs already. @throws SandtrailError as `DockerScheduler.watch` */
  watch(wish: ContainerWish): Promise<Watching>;
}

interface ContainerWish {
  readonly container: string;
  readonly policy: Policy;
  readonly allowWeaker: boolean;
}

const lookEveryMs = 10_000;
const livesMax = 1_000;

/** Those that the configuration names; without any it does nothing. */
export function createContainers(surroundings: Surroundings): Containers {
  const { configuration, clock, counters, log } = surroundings;
  const engines = configuration.schedulers.map(({ docker }) => ({
    docker,
    feed: new EventFeed({
      ...{ socketPath: docker.socket, clock, counters },
      logger: log.child('docker'),
    }),
  }));
  const schedulers: DockerScheduler[] = [];
  const feeds = engines.map(({ feed }) => feed);
  return {
    collectors: feeds.length === 0 ? [] : collectorsOf(surroundings, feeds),
    attach: (parts) => {
      for (const { docker, feed } of engines) {
        const scheduler = new DockerScheduler({
          label: docker.label,
          policyOf: (name) => readPolicy(surroundings.layout, name),
          allowWeaker: docker.allowWeaker,
          ...{ sandboxes: parts.sandboxes, driverOf: parts.driverOf },
          record: recordOf(surroundings, parts.record),
          node: configuration.node,
          cgroupParent: configuration.cgroupParent,
          ...{ clock, counters, logger: log.child('docker') },
        });
        schedulers.push(scheduler);
        feed.listen(scheduler);
      }
    },
    run: async (signal) => {
      const looks = every({ ms: lookEveryMs, signal }, () => {
        for (const scheduler of schedulers) scheduler.look();
      });
      await Promise.all([looks, ...feeds.map((feed) => feed.run(signal))]);
      for (const scheduler of schedulers) await scheduler.settled();
    },
    watch: async ({ container, ...wish }) => {
      const [scheduler] = schedulers;
      if (scheduler === undefined) {
        const detail = 'no engine is configured: name one under `schedulers` in config.yaml';
        throw new SandtrailError('DOCKER_UNAVAILABLE', { detail });
      }
      return scheduler.watch(container, wish);
    },
  };
}

function collectorsOf(
  { layout, clock, counters, log }: Surroundings,
  feeds: readonly EventFeed[],
): readonly Collector[] {
  const directory = path.join(layout.run, 'gvisor');
  return [
    createDockerCollector({ feeds, clock, counters }),
    createGvisorCollector({ directory, clock, counters, logger: log.child('gvisor') }),
  ];
}

/** A policy that a label names; the name comes from whoever started the container. */
function readPolicy(layout: Layout, name: string): Policy {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) {
    throw new SandtrailError('POLICY_INVALID', { detail: 'its label names no policy' });
  }
  const file = path.join(layout.policies, `${name}.yaml`);
  try {
    return parsePolicy(readFileSync(file, 'utf8'), { source: file });
  } catch (cause) {
    if (cause instanceof SandtrailError) throw cause;
    throw new SandtrailError('INPUT_UNREADABLE', { detail: file, cause });
  }
}

function recordOf({ layout }: Surroundings, record: RecordService): ContainerRecord {
  const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
  const asking = { layout, token };
  return {
    open: async (uid) => {
      for (let incarnation = 0; incarnation < livesMax; incarnation += 1) {
        if (await opens(asking, { uid, incarnation })) return incarnation;
      }
      throw new SandtrailError('SANDBOX_LIMIT', { detail: `${uid} has had ${livesMax} lives` });
    },
    close: (life) => endSandbox(asking, life),
    write: async ({ uid: sandbox, incarnation }, observation) => {
      await record({ sandbox, incarnation }, observation);
    },
  };
}

/** False for a life that is over. */
async function opens(...[asking, life]: Parameters<typeof registerSandbox>): Promise<boolean> {
  try {
    await registerSandbox(asking, life);
    return true;
  } catch (error) {
    const isOver = error instanceof SandtrailError && error.detail.includes('SANDBOX_ENDED');
    if (!isOver) throw error;
    return false;
  }
}
