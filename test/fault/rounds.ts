// Rounds of faults on a product under load: a kill -9, then recovery, then the verifier's word.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callAdmin } from '@sandtrail/local/admin-client';
import { runsOf } from '@sandtrail/local/roles/host';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { VerifyReport } from '@sandtrail/schemas/seal';
import { type RunningCommand, startCommand } from '../world/command.ts';
import { notYet } from '../world/not-yet.ts';
import type { Part } from '../world/processes.ts';
import type { TestProduct } from '../world/product.ts';
import { sqlRows } from '../world/sql-rows.ts';
import { until } from '../world/until.ts';
import { policyOf, runWorkload } from '../world/workload.ts';
import { type Fault, planFaults } from './fault-plan.ts';

/** What became of one fault. */
export interface Round extends Fault {
  readonly number: number;
  /** From the kill until the process was there again, or (where asked for) until all worked again. */
  readonly recoveredMs: number;
  readonly verdict: string;
  /** The verifier's codes, each once. */
  readonly codes: readonly string[];
}

interface RoundsOptions {
  readonly product: TestProduct;
  readonly seed: number;
  readonly rounds: number;
  /** Waits after each round until a new sandbox is watched and stored, not only after the last. */
  readonly recoverEach: boolean;
  readonly tell: (text: string) => void;
}

const recoveryMsMax = 40_000;
const busy = 'echo up; while :; do /bin/true; sleep 0.02; done';

/** Kills and waits, round for round, beside a sandbox that is run by the real command. */
export async function runRounds(options: RoundsOptions): Promise<readonly Round[]> {
  const { product, seed, rounds, recoverEach, tell } = options;
  const told: Round[] = [];
  let runner = await startRunner(product);
  for (const fault of planFaults(seed, rounds)) {
    await delay(fault.afterMs);
    const beganMs = performance.now();
    if (fault.victim === 'runner') runner = await killRunner(product, runner);
    else await killPart(product, fault.victim);
    if (recoverEach || told.length === rounds - 1) await recover(product);
    // Every death but its runner's leaves the sandbox alive, frozen for a while at most.
    if (runner.child.exitCode !== null) throw new Error(`the run ended: ${runner.stderr()}`);
    const recoveredMs = Math.round(performance.now() - beganMs);
    const round = { ...fault, number: told.length, recoveredMs, ...(await verdictOf(product)) };
    told.push(round);
    tell(roundText(round));
  }
  runner.child.kill('SIGTERM');
  await runner.ended;
  return told;
}

/** The verifier's word against the heads outside, once there is a core to ask. */
async function verdictOf({ layout }: TestProduct) {
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  const ask = async () => {
    const input = { trust: read(layout.trustFile), heads: read(layout.headFile) };
    const { adminSocket: socket } = layout;
    return callAdmin({ socket, method: 'POST', path: '/v1/verify', input }).catch(notYet);
  };
  const waiting = { what: 'the record can be verified', withinMs: recoveryMsMax, everyMs: 100 };
  const { verdict, findings } = VerifyReport.parse(await until(ask, waiting));
  return { verdict, codes: [...new Set(findings.map(({ code }) => code))] };
}

/** One line of the table. */
export function roundText({ number, victim, afterMs, recoveredMs, verdict, codes }: Round): string {
  const columns = [
    `${number}`.padStart(3),
    victim.padEnd(9),
    `after ${`${afterMs}`.padStart(3)} ms`,
    `back in ${`${recoveredMs}`.padStart(5)} ms`,
    verdict.padEnd(10),
    codes.join(' '),
  ];
  return columns.join('  ').trimEnd();
}

async function startRunner(product: TestProduct): Promise<RunningCommand> {
  const policy = path.join(product.folder, 'busy.json');
  const resources = { cpu_limit: '0.5', memory_limit: '128Mi', timeout_seconds: 3600 };
  writeFileSync(policy, JSON.stringify(policyOf({ resources })));
  const words = product.words(['run', '--policy', policy, '--', 'sh', '-c', busy]);
  return until(
    async () => {
      const runner = startCommand(words, { stdin: '', timeoutMs: 3_600_000 });
      await until(() => runner.stdout().includes('up') || runner.child.exitCode !== null, {
        what: 'the sandbox of the rounds runs',
        withinMs: recoveryMsMax,
      });
      // A daemon that is about to start refuses it.
      return runner.child.exitCode === null ? runner : undefined;
    },
    { what: 'a run can be started', withinMs: recoveryMsMax, everyMs: 500 },
  );
}

/** Kills the runner, has its orphan killed, and starts another once that can be. */
async function killRunner(product: TestProduct, runner: RunningCommand): Promise<RunningCommand> {
  const runs = runsOf(product.layout);
  const [uid = ''] = readdirSync(runs);
  runner.child.kill('SIGKILL');
  await runner.ended;
  // By a person, or by a daemon that finds it without a runner; it may be about to start.
  await until(
    async () => {
      await product.command(['quarantine', uid, '--level', 'L5']);
      return !readdirSync(runs).includes(uid);
    },
    { what: 'the orphan is gone', withinMs: recoveryMsMax, everyMs: 500 },
  );
  return startRunner(product);
}

async function killPart(product: TestProduct, part: Part): Promise<void> {
  const victim = await product.part(part);
  process.kill(victim.pid, 'SIGKILL');
  await until(async () => (await product.part(part)).pid !== victim.pid, {
    what: `${part} is started again`,
    withinMs: recoveryMsMax,
  });
}

/** Resolves when a new sandbox is registered, watched by the kernel sensor, sealed and stored. */
async function recover(product: TestProduct): Promise<void> {
  await until(() => isWhole(product), { what: 'it works again', withinMs: recoveryMsMax });
}

async function isWhole(product: TestProduct): Promise<boolean> {
  try {
    const { uid } = await runWorkload(product, { script: 'true' });
    const sql = `SELECT countIf(kind = 'process.exec') AS seen, countIf(kind = 'sandbox.destroyed')
      AS ended FROM sealed WHERE sandbox = '${uid}' HAVING seen > 0 AND ended > 0`;
    await until(async () => (await sqlRows(product, sql)).length > 0, {
      what: 'it is stored',
      withinMs: 3_000,
      everyMs: 100,
    });
    return true;
  } catch (error) {
    // Not there yet, or there without its sensor: the next try tells.
    if (error instanceof SandtrailError) return false;
    if (error instanceof Error && error.message.includes('it is stored')) return false;
    throw error;
  }
}
