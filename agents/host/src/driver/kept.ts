// A driver for sandboxes that somebody else keeps: the kernel acts first, then the keeper is told.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Proof } from '@sandtrail/schemas/containment';
import { createCgroupDriver } from './cgroup.ts';
import { openCgroup } from './cgroup-handle.ts';
import type { Applied, Driver, Target } from './driver.ts';
import { thawOldFreezer } from './old-freezer.ts';
import { withinMs } from './within.ts';

/** How long an act waits for a keeper: one that hangs never holds up a kill. */
const keeperMsMax = 1_000;

interface KeptOptions {
  readonly name: string;
  readonly clock: Clock;
}

/**
 * Freezes and kills through the sandbox's own cgroup, whatever its keeper says or whether it answers
 * at all; `Target.keeper` hears of it. A keeper's silence stands in `detail`, and a sandbox that it
 * started again is no proven kill.
 */
export function createKeptDriver({ name, clock }: KeptOptions): Driver {
  const cgroup = createCgroupDriver({ clock });
  return {
    ...cgroup,
    name,
    apply: async (target, level) => {
      if (level === 'L5') return kill(cgroup, target);
      const applying = cgroup.apply(target, level);
      const holdAgain = level === 'L2' ? thawOldFreezer(target) : undefined;
      const applied = await applying;
      holdAgain?.();
      if (applied.state !== 'applied' || applied.level !== 'L2') return applied;
      return told(applied, await tell(target, 'stopped'));
    },
    freeze: (target) => freeze(cgroup, target),
    verify: async (target) => withReturned(target, await cgroup.verify(target)),
    release: async (target) => {
      if (!lives(target)) return cgroup.release(target);
      const said = await tell(target, 'resumes');
      thawOldFreezer(target);
      return told(await cgroup.release(target), said);
    },
  };
}

/**
 * What the v1 freezer holds, because somebody paused it before, never reaches the point where the
 * v2 freezer counts it: let go there it does, and runs no instruction of its own in between. Then
 * it is held again, or the one who paused it could not let it go.
 */
async function freeze(cgroup: Driver, target: Target): Promise<boolean> {
  const freezing = cgroup.freeze(target);
  const holdAgain = thawOldFreezer(target);
  const frozen = await freezing;
  holdAgain();
  return frozen;
}

/**
 * Frozen first, so that nothing runs while the keeper is told not to start it again. A task that
 * the v1 freezer holds dies only when it is thawed there: signalled first, then thawed.
 */
async function kill(cgroup: Driver, target: Target): Promise<Applied> {
  if (!lives(target)) return cgroup.apply(target, 'L5');
  await freeze(cgroup, target);
  const said = await tell(target, 'dies');
  const killed = cgroup.apply(target, 'L5');
  thawOldFreezer(target);
  const applied = told(await killed, said);
  return applied.state === 'applied' ? told(applied, await tell(target, 'died')) : applied;
}

/** True while something runs in that very cgroup; a later life of the same name has another. */
function lives({ cgroup }: Target): boolean {
  const open = cgroup === undefined ? undefined : openCgroup(cgroup);
  const populated = open?.event('populated') === true;
  open?.close();
  return populated;
}

type Told = 'stopped' | 'resumes' | 'dies' | 'died';

/** What to say of a keeper that did not confirm; `undefined` when it did, or there is none. */
async function tell({ keeper }: Target, what: Told): Promise<string | undefined> {
  if (keeper === undefined) return undefined;
  const confirmed = keeper[what]().then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const said = await withinMs(keeperMsMax, confirmed);
  return said === '' ? undefined : `${unconfirmed[what]}: ${said ?? 'its keeper does not answer'}`;
}

const unconfirmed: Readonly<Record<Told, string>> = {
  stopped: 'frozen, but its keeper was not told',
  resumes: 'thawed, but its keeper may still hold it',
  dies: 'it may be started again',
  died: 'its keeper may still list it',
};

function told(applied: Applied, said: string | undefined): Applied {
  if (said === undefined) return applied;
  const detail = [applied.detail, said].filter((each) => each !== undefined).join('; ');
  return { ...applied, detail: detail.slice(0, 512).toWellFormed() };
}

/** The dead that run again count as escaped. */
async function withReturned({ keeper }: Target, proof: Proof): Promise<Proof> {
  if (keeper === undefined || proof.alive > 0) return proof;
  const returned = (await withinMs(keeperMsMax, keeper.returned())) ?? [];
  const more = returned.length;
  return more === 0
    ? proof
    : { ...proof, alive: proof.alive + more, escaped: proof.escaped + more };
}
