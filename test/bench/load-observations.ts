// What the load observes: the ordinary life of a build, some 500 bytes a body, nothing to find in it.

import { policyDigest } from '@sandtrail/policy/policy-digest';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import { Policy } from '@sandtrail/schemas/policy';

const pids = 400;
const startNs = '1790000000000000000';
const folder = '/workspace/project/node_modules/@scope/package-with-a-name/dist/esm/internal';
const policy = Policy.parse({
  isolation: 'bubblewrap',
  network: { mode: 'restricted' },
  filesystem: { workspace: '/workspace' },
  resources: { cpu_limit: '2', memory_limit: '512Mi', timeout_seconds: 3600 },
});

/** The sandbox's first record: with a policy, so that every detector has something to judge by. */
export function createdObservation(
  node: string,
  observedAtNs: string,
): ObservationOf<'sandbox.created'> {
  return {
    kind: 'sandbox.created',
    observedAtNs,
    name: 'bench',
    node,
    isolation: 'bubblewrap',
    policy,
    policyDigest: policyDigest(policy),
  };
}

/** The load's n-th observation: of ten, eight opened files and two executed programs. */
export function loadObservation(at: number, observedAtNs: string) {
  const pid = 4000 + (at % pids);
  const comm = 'node';
  const exe = '/usr/bin/node';
  const process = { pid, startNs, ppid: 4000, uid: 1000, comm, exe };
  return at % 5 === 4 ? execOf({ process, observedAtNs }) : openOf({ process, observedAtNs, at });
}

interface Parts {
  readonly process: ObservationOf<'file.open'>['process'];
  readonly observedAtNs: string;
}

function openOf({ process, observedAtNs, at }: Parts & { readonly at: number }) {
  const file = `${folder}/chunk-${at % 1000}.mjs`;
  const observation: ObservationOf<'file.open'> = {
    kind: 'file.open',
    observedAtNs,
    process,
    path: { raw: file, resolved: file },
    access: 'read',
    create: false,
    flags: 524_288,
  };
  return observation;
}

function execOf({ process, observedAtNs }: Parts) {
  const observation: ObservationOf<'process.exec'> = {
    kind: 'process.exec',
    observedAtNs,
    process,
    exe: { raw: '/usr/bin/node', resolved: '/usr/bin/node' },
    argv: ['node', '--test', 'test/unit/parser.test.mjs', '--test-reporter', 'junit', '-k', 'slow'],
    cwd: '/workspace/project',
    origin: 'image',
  };
  return observation;
}
