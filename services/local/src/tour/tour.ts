// The tour: real workloads in watched sandboxes, what was found, what was stopped, what is proven.

import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { ContainmentResult } from '@sandtrail/schemas/containment';
import * as z from 'zod';
import type { Layout } from '../layout.ts';
import type { Surroundings } from '../role.ts';
import type { Product } from '../supervisor.ts';
import { effectiveConfiguration } from '../up.ts';
import { isFinding, openFeed, type Seen } from './feed.ts';
import { startFileServer } from './file-server.ts';
import { perform } from './perform.ts';
import { attacks, benign, type Scenario } from './scenarios.ts';
import { showRecorderKilled } from './show-recorder-killed.ts';
import { showVerification } from './show-verification.ts';
import type { Stage } from './stage.ts';
import { createVoice } from './voice.ts';

interface TourOptions {
  readonly layout: Layout;
  readonly product: Product;
  readonly out: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

const findingMsMax = 8_000;
const quiet: readonly string[] = ['info', 'low'];

/** Gives the tour; true when everything that it promises was seen. */
export async function runTour({ layout, product, out, signal }: TourOptions): Promise<boolean> {
  const surroundings: Surroundings = {
    layout,
    configuration: effectiveConfiguration(layout),
    clock: systemClock,
    random: systemRandom,
    counters: createCounters(),
    log: silentLogger,
  };
  const voice = createVoice(out);
  const server = await startFileServer();
  const feed = openFeed({ socket: layout.adminSocket, clock: systemClock });
  const stage = { surroundings, product, feed, voice, port: server.port, signal };
  try {
    await voice.title('A tour of Sandtrail: real programs in real sandboxes, nothing simulated');
    await showBenign(stage);
    for (const scenario of attacks) if (!signal.aborted) await showAttack(stage, scenario);
    if (!signal.aborted) await showRecorderKilled(stage);
    if (!signal.aborted) await showVerification(stage);
  } finally {
    await feed.close();
    await server.close();
  }
  await voice.summary();
  return voice.misses() === 0;
}

async function showBenign(stage: Stage): Promise<void> {
  const { voice, feed } = stage;
  await voice.step(benign.title);
  const { uid, exitCode, output } = await perform(stage, benign);
  const events = feed.all(({ sandbox }) => sandbox === uid).length;
  const alarms = feed.all((seen) => isFinding(seen, uid)).filter((seen) => !isQuiet(seen));
  if (exitCode !== 0) await voice.miss(`it ended with code ${exitCode}: ${output.slice(-300)}`);
  if (alarms.length === 0) await voice.hit(`quiet: ${events} events recorded, no alarm`);
  for (const seen of alarms) await voice.miss(`a false alarm: ${findingText(seen)}`);
}

async function showAttack(stage: Stage, scenario: Scenario): Promise<void> {
  const { voice, feed } = stage;
  const { detector, disguise, title } = scenario;
  await voice.step(title);
  if (disguise !== undefined) await voice.note(`a command log would show only: ${disguise}`);
  const { uid, killed } = await perform(stage, scenario);
  const seen = await feed.find((each) => isFinding(each, uid, detector), findingMsMax);
  if (seen === undefined) await voice.miss(`${detector} did not find it`);
  else await voice.hit(`${findingText(seen)} (${seen.afterMs.toFixed(0)} ms after the event)`);
  // Each cause is answered; the first answer per level is the one that stopped it.
  const told = new Set<string>();
  for (const { body } of feed.all(({ sandbox }) => sandbox === uid)) {
    if (body.kind !== 'containment.verified' || told.has(body.result.level)) continue;
    told.add(body.result.level);
    await voice.hit(proofText(body.result));
  }
  if (killed !== undefined) await tellKilled(stage, killed);
}

const Killed = z.object({ state: z.string(), results: z.array(ContainmentResult) });

async function tellKilled({ voice }: Stage, answer: unknown): Promise<void> {
  const { state, results } = Killed.parse(answer);
  const last = results.at(-1);
  if (state === 'verified' && last !== undefined) await voice.note('a person asked for the kill');
  else await voice.miss(`the kill was not verified: ${state}`);
}

function proofText({ level, latencyUs, proof }: ContainmentResult): string {
  const act = level === 'L2' ? 'frozen' : level === 'L5' ? 'killed' : `contained at ${level}`;
  const ms = (latencyUs / 1000).toFixed(0);
  if (proof === undefined) return `${act} after ${ms} ms`;
  const { visited, frozen, alive, escaped, cpuDeltaUs, openFlows } = proof;
  return `${act} after ${ms} ms; proof: ${visited} tasks visited, ${frozen} frozen, ${alive} alive, ${escaped} escaped, ${cpuDeltaUs} µs of CPU since, ${openFlows ?? '?'} flows open`;
}

function isQuiet({ body }: Seen): boolean {
  return body.kind === 'finding' && quiet.includes(body.finding.severity);
}

function findingText({ body }: Seen): string {
  if (body.kind !== 'finding') return '';
  const { severity, detector, explanation } = body.finding;
  return `${severity.toUpperCase()} ${detector}: ${explanation}`;
}
