// For tests: a runner in a process of its own, so that it can be killed. Arguments: directory, parent
// cgroup, control socket, uid, then the command. Its policy is what DIRECTORY/UID.policy.json changes
// of the test's own; what it recorded lies in DIRECTORY/UID.json.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { createScanner } from '@sandtrail/secrets/scanner';
import { createStraceCollector } from '../strace.ts';
import { runSandbox } from './run.ts';
import { memoryRecorder, testPolicy } from './run-rig.ts';

const [directory = '', cgroupParent = '', controlSocket = '', name = '', ...command] =
  process.argv.slice(2);
const uid = SandboxUid.parse(name);
const recorder = memoryRecorder(uid);
const clock = systemClock;
const counters = createCounters();
const changes = join(directory, `${uid}.policy.json`);
const isTraced = process.getuid?.() !== 0;
const tracer = createStraceCollector({ clock, counters, launchers: 1 });
const summary = await runSandbox({
  ...{ uid, incarnation: 0, name: 'test', node: 'node', command, cgroupParent },
  policy: testPolicy(existsSync(changes) ? JSON.parse(readFileSync(changes, 'utf8')) : {}),
  workspaceRoot: join(directory, uid, 'workspace'),
  runDirectory: join(directory, 'runs', uid),
  controlSocket: controlSocket === '' ? undefined : controlSocket,
  eventSocket: undefined,
  allowWeaker: false,
  environment: {},
  prefix: isTraced ? tracer.commandPrefix(uid) : [],
  sensors: isTraced ? [tracer] : [],
  io: process,
  signals: process,
  recorder,
  scanner: createScanner({ fingerprintKey: randomBytes(32) }),
  clock,
  counters,
  logger: silentLogger,
});
const { exitCode, reason, unenforced } = summary;
const told = { exitCode, reason, unenforced, seen: recorder.seen };
writeFileSync(join(directory, `${uid}.json`), JSON.stringify(told));
process.exit(summary.exitCode);
