// The engine as a container's keeper: it is told to pause, to go on, and not to start it again.
import type { Keeper } from '../driver/driver.ts';
import { isAlive, readTask } from '../driver/task.ts';
import { withinMs } from '../driver/within.ts';
import type { DockerEngine } from './engine.ts';

interface KeeperOptions {
  readonly engine: DockerEngine;
  readonly id: string;
  /** The life that is contained; another one is a return. */
  readonly initPid: number;
  /** gVisor must itself run to pause, and its processes stand still by then: it is not asked to. */
  readonly runtime: Keeper['driver'];
}

/** An engine takes a request in within a few milliseconds; its answer is not waited for. */
const askedMs = 50;

/** Speaks to the engine about one container. */
export function createContainerKeeper({ engine, id, initPid, runtime }: KeeperOptions): Keeper {
  const pauses = runtime !== 'gvisor';
  return {
    driver: runtime,
    stopped: () => (pauses ? engine.act(id, 'pause') : Promise.resolve()),
    resumes: () => (pauses ? engine.act(id, 'unpause') : Promise.resolve()),
    dies: async () => {
      if (pauses) return engine.keepDead(id);
      // The runtime of gVisor cannot be updated while it runs, and a Sentry that stands still answers
      // no signal: what counts is that the engine was asked, which ends its restart policy.
      await withinMs(askedMs, engine.kill(id));
    },
    died: () => (pauses ? Promise.resolve() : engine.keepDead(id)),
    returned: async () => {
      const { Running = false, Pid = 0 } = (await engine.inspect(id))?.State ?? {};
      // The engine may not have heard of the death yet: what counts is what runs.
      const task = Running && Pid !== initPid ? readTask(Pid) : undefined;
      return task !== undefined && isAlive(task) ? [Pid] : [];
    },
  };
}
