// For tests: a runner in a process of its own, so that it can be killed. Arguments: directory, parent
// cgroup, control socket, uid, then the command.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { createScanner } from '@sandtrail/secrets/scanner';
import { runSandbox } from './run.ts';
import { memoryRecorder, testPolicy } from './run-rig.ts';

const [directory = '', cgroupParent = '', controlSocket = '', name = '', ...command] =
  process.argv.slice(2);
const uid = SandboxUid.parse(name);
const summary = await runSandbox({
  ...{ uid, incarnation: 0, name: 'test', node: 'node', command, cgroupParent },
  policy: testPolicy(),
  workspaceRoot: join(directory, uid, 'workspace'),
  runDirectory: join(directory, 'runs', uid),
  controlSocket: controlSocket === '' ? undefined : controlSocket,
  eventSocket: undefined,
  allowWeaker: false,
  environment: {},
  prefix: [],
  io: process,
  signals: process,
  recorder: memoryRecorder(uid),
  scanner: createScanner({ fingerprintKey: randomBytes(32) }),
  clock: systemClock,
  counters: createCounters(),
  logger: silentLogger,
});
process.exit(summary.exitCode);
