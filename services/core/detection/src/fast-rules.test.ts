import type { Observation } from '@sandtrail/schemas/observation';
import { Policy } from '@sandtrail/schemas/policy';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { expect, test } from 'vitest';
import { examplePolicy, exampleProcess } from './example.ts';
import { createFastRules } from './fast-rules.ts';

const sandbox = {
  uid: SandboxUid.parse('example-sandbox'),
  incarnation: 0,
  policy: Policy.parse(examplePolicy),
  workspace: '/var/lib/sandtrail/w',
};
const process = exampleProcess(40);
const observedAtNs = '1800000000000000000';
const socket: Observation = {
  kind: 'network.connect',
  observedAtNs,
  process,
  family: 'unix',
  address: '/run/docker.sock',
};

test('a way out of the sandbox is answered at once, with what to do', () => {
  const rules = createFastRules();
  expect(rules(socket, { sandbox, trust: 'kernel' })).toMatchObject({
    detector: 'escape-primitive',
    severity: 'critical',
    recommend: { act: 'contain', level: 'L2' },
  });
});

test('links that the sandbox made are followed', () => {
  const rules = createFastRules();
  const link: Observation = {
    kind: 'file.link',
    observedAtNs,
    process,
    path: { raw: '/tmp/agent/s' },
    target: { raw: '/run' },
    type: 'symbolic',
  };
  expect(rules(link, { sandbox, trust: 'kernel' })).toBeUndefined();
  const through = { ...socket, address: '/tmp/agent/s/docker.sock' };
  expect(rules(through, { sandbox, trust: 'kernel' })?.recommend.act).toBe('contain');
});

test('the launcher is spared until the first program, and nobody by its name after that', () => {
  const rules = createFastRules();
  const mount: Observation = {
    kind: 'syscall',
    observedAtNs,
    process: exampleProcess(2, 'bwrap'),
    name: 'mount',
    args: [],
    result: '0',
  };
  expect(rules(mount, { sandbox, trust: 'kernel' })).toBeUndefined();
  const exec: Observation = {
    kind: 'process.exec',
    observedAtNs,
    process,
    exe: { raw: '/usr/bin/python3' },
    argv: ['python3'],
  };
  rules(exec, { sandbox, trust: 'kernel' });
  expect(rules(mount, { sandbox, trust: 'kernel' })?.severity).toBe('critical');
});

test('ordinary work is passed over', () => {
  const rules = createFastRules();
  const open: Observation = {
    kind: 'file.open',
    observedAtNs,
    process,
    path: { raw: '/usr/lib/libc.so.6' },
    access: 'read',
    create: false,
    flags: 0,
  };
  expect(rules(open, { sandbox, trust: 'kernel' })).toBeUndefined();
});
