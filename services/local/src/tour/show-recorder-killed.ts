// Part of the tour: somebody kills the kernel sensor; it is noticed, told, and watching goes on.
import { readdirSync, readFileSync } from 'node:fs';
import { parseStream } from '@sandtrail/schemas/stream';
import { newSandboxUid } from '../run-watched.ts';
import { isFinding, type Seen } from './feed.ts';
import { perform } from './perform.ts';
import type { Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

const scenario: Scenario = {
  name: 'sensor-killed',
  title: 'the kernel sensor is killed with SIGKILL while a sandbox runs',
  files: {},
  script: 'for i in $(seq 1 60); do cat /etc/hostname >/dev/null; sleep 0.1; done',
  detector: 'telemetry-gap',
};

const startMsMax = 10_000;
const noticedMsMax = 2_000;
const restartedMsMax = 10_000;

/** Kills bpftrace under a running sandbox and waits for the finding and the new epoch. */
export async function showRecorderKilled(stage: Stage): Promise<void> {
  const { voice, feed } = stage;
  await voice.step(scenario.title);
  if (process.getuid?.() !== 0) {
    await voice.note('not shown here: the kernel sensor needs root; strace ends with its sandbox');
    return;
  }
  const sandbox = newSandboxUid(stage.surroundings.random);
  const performance = perform(stage, scenario, sandbox);
  const isWatched = (seen: Seen) => seen.sandbox === sandbox && isOfSensor(seen);
  const before = await feed.find(isWatched, startMsMax);
  const pid = sensorPid(stage);
  if (pid === undefined || before === undefined) {
    await voice.miss('there is no kernel sensor here to be killed');
    await performance;
    return;
  }
  process.kill(pid, 'SIGKILL');
  const killedAtMs = stage.surroundings.clock.monotonicMs();
  const since = () => Math.round(stage.surroundings.clock.monotonicMs() - killedAtMs);
  const found = await feed.find((seen) => isFinding(seen, sandbox, 'telemetry-gap'), noticedMsMax);
  if (found === undefined) await voice.miss('nobody noticed within 2 s');
  else await voice.hit(`found ${since()} ms after the kill: ${explanationOf(found)}`);
  const epoch = parseStream(before.body.stream).epoch;
  const again = await feed.find(
    (seen) =>
      seen.sandbox === sandbox && isOfSensor(seen) && parseStream(seen.body.stream).epoch > epoch,
    restartedMsMax,
  );
  if (again === undefined) await voice.miss('the sensor did not come back');
  else {
    const { epoch: next } = parseStream(again.body.stream);
    await voice.hit(
      `watching again under epoch ${next} (was ${epoch}), ${since()} ms after the kill`,
    );
  }
  await performance;
}

function isOfSensor({ body }: Seen): boolean {
  return body.stream.startsWith('ebpf:');
}

function explanationOf({ body }: Seen): string {
  return body.kind === 'finding' ? body.finding.explanation : '';
}

/** bpftrace, as a child of the host daemon. */
function sensorPid({ product }: Stage): number | undefined {
  const host = product.children.find(({ name }) => name === 'host')?.pid();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => isSensor(pid, host));
}

function isSensor(pid: number, host: number | undefined): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return status.startsWith('Name:\tbpftrace\n') && status.includes(`\nPPid:\t${host}\n`);
  } catch {
    // It ended between the listing and the look.
    return false;
  }
}
