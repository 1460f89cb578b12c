// The cgroup driver: freeze and kill a sandbox through its own cgroup (v2), egress through its runner.

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Level } from '@sandtrail/schemas/finding';
import { type CgroupHandle, openCgroup } from './cgroup-handle.ts';
import { type Applied, answerMsOf, type Driver, type Target } from './driver.ts';
import { type ProofSource, proveState } from './proof.ts';
import { withinMs } from './within.ts';

/** Longest wait for the kernel to report a cgroup frozen, or empty. */
const stateTimeoutMs = 3_000;

/** What a level destroys that an investigator might have wanted. */
export const evidenceLost: Readonly<Partial<Record<Level, readonly string[]>>> = {
  L1: ['established connections'],
  L2: ['established connections'],
  L5: ['memory', 'processes', 'open files', 'private /tmp', 'established connections'],
};

/** Contains sandboxes that have a cgroup. Root only. */
export function createCgroupDriver({ clock }: { readonly clock: Clock }): Driver {
  const until = untilOn(clock);
  return {
    name: 'cgroup',
    capabilities: () => ['L0', 'L1', 'L2', 'L5'],
    apply: (target, level) =>
      withCgroup(target, (cgroup) => applyLevel({ target, cgroup, level, until })).then(
        (applied) => applied ?? goneAt(level),
      ),
    verify: async (target) =>
      (await withCgroup(target, (cgroup) => proveState(sourceOf(target, cgroup)))) ??
      (await proveState(sourceOf(target, undefined))),
    release: (target) =>
      withCgroup(target, (cgroup) => release({ target, cgroup, until })).then(
        (applied) => applied ?? goneAt('L0'),
      ),
    freeze: async (target) =>
      (await withCgroup(target, (cgroup) => freeze({ target, cgroup, until }))) === 'frozen',
    thaw: async (target) =>
      (await withCgroup(target, (cgroup) => thaw({ target, cgroup, until }))) === true,
  };
}

interface Act {
  readonly target: Target;
  readonly cgroup: CgroupHandle;
  readonly until: (condition: () => boolean) => Promise<boolean>;
}

async function applyLevel(act: Act & { readonly level: Level }): Promise<Applied> {
  const { target, cgroup, level, until } = act;
  if (cgroup.event('populated') !== true) return goneAt(level);
  switch (level) {
    case 'L0':
      return done('L0');
    case 'L1': {
      const state = await withinMs(answerMsOf(target.egress), target.egress.deny());
      if (state?.denied === true) return done('L1');
      const frozen = await applyLevel({ ...act, level: 'L2' });
      return { ...frozen, detail: 'the runner did not confirm the denial of egress: frozen' };
    }
    case 'L2': {
      const denied = withinMs(answerMsOf(target.egress), target.egress.deny());
      const state = await freeze(act);
      await denied;
      return state === 'gone'
        ? goneAt('L2')
        : state === 'frozen'
          ? done('L2')
          : failed('L2', state);
    }
    case 'L5': {
      const denied = withinMs(answerMsOf(target.egress), target.egress.deny());
      cgroup.write('cgroup.kill', '1');
      const empty = await until(() => cgroup.event('populated') !== true);
      await denied;
      return empty ? done('L5') : failed('L5', 'still populated');
    }
    case 'L3':
    case 'L4':
    case 'L6':
      return failed(level, 'not a level of this driver');
    default:
      return level satisfies never;
  }
}

async function freeze({ cgroup, until }: Act): Promise<'frozen' | 'gone' | 'still thawed'> {
  if (!cgroup.write('cgroup.freeze', '1')) return 'gone';
  const settled = await until(() => cgroup.event('frozen') !== false);
  if (cgroup.event('populated') !== true) return 'gone';
  return settled ? 'frozen' : 'still thawed';
}

async function thaw({ cgroup, until }: Act): Promise<boolean> {
  cgroup.write('cgroup.freeze', '0');
  return until(() => cgroup.event('frozen') !== true);
}

async function release(act: Act): Promise<Applied> {
  const thawed = await thaw(act);
  const egress = await withinMs(answerMsOf(act.target.egress), act.target.egress.allow());
  if (!thawed) return failed('L0', 'still frozen');
  return egress?.denied === false ? done('L0') : failed('L0', 'egress is still denied');
}

/** Polls fast at first: a freeze takes a few milliseconds. */
function untilOn(clock: Clock): Act['until'] {
  return async (condition) => {
    const end = clock.monotonicMs() + stateTimeoutMs;
    while (!condition()) {
      if (clock.monotonicMs() > end) return false;
      await delay(1);
    }
    return true;
  };
}

function sourceOf(target: Target, cgroup: CgroupHandle | undefined): ProofSource {
  return {
    target,
    tasks: () => cgroup?.threads() ?? [],
    frozen: () => cgroup?.event('frozen') === true,
    cpuUs: () => cgroup?.cpuUs() ?? 0,
  };
}

async function withCgroup<T>(
  target: Target,
  act: (cgroup: CgroupHandle) => Promise<T>,
): Promise<T | undefined> {
  const cgroup = target.cgroup === undefined ? undefined : openCgroup(target.cgroup);
  if (cgroup === undefined) return undefined;
  try {
    return await act(cgroup);
  } finally {
    cgroup.close();
  }
}

function done(level: Level): Applied {
  return { state: 'applied', level, evidenceLost: evidenceLost[level] ?? [] };
}

function goneAt(level: Level): Applied {
  return { state: 'already_gone', level, evidenceLost: [] };
}

function failed(level: Level, detail: string): Applied {
  return { state: 'failed', level, evidenceLost: [], detail };
}
