// The engine as a container's keeper: it is told to pause, to go on, and not to start it again.
import type { Keeper } from '../driver/driver.ts';
import { isAlive, readTask } from '../driver/task.ts';
import type { DockerEngine } from './engine.ts';

interface KeeperOptions {
  readonly engine: DockerEngine;
  readonly id: string;
  /** The life that is contained; another one is a return. */
  readonly initPid: number;
  /** gVisor must itself run to pause, and its processes stand still by then: it is not asked to. */
  readonly runtime: Keeper['driver'];
}

/** Speaks to the engine about one container. */
export function createContainerKeeper({ engine, id, initPid, runtime }: KeeperOptions): Keeper {
  const pauses = runtime !== 'gvisor';
  return {
    driver: runtime,
    stopped: () => (pauses ? engine.act(id, 'pause') : Promise.resolve()),
    resumes: () => (pauses ? engine.act(id, 'unpause') : Promise.resolve()),
    dies: () => engine.keepDead(id),
    died: () => Promise.resolve(),
    returned: async () => {
      const { Running = false, Pid = 0 } = (await engine.inspect(id))?.State ?? {};
      // The engine may not have heard of the death yet: what counts is what runs.
      const task = Running && Pid !== initPid ? readTask(Pid) : undefined;
      return task !== undefined && isAlive(task) ? [Pid] : [];
    },
  };
}
