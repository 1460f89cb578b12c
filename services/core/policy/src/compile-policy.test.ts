import { Policy } from '@sandtrail/schemas/policy';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { compilePolicy } from './compile-policy.ts';
import { isWeaker } from './isolation.ts';
import { lintPolicy } from './lint-policy.ts';
import { isWithin, lexicalPath } from './place.ts';
import { policyDigest } from './policy-digest.ts';
import { parseLimits } from './resources.ts';

const policy = Policy.parse({
  isolation: 'bubblewrap',
  network: { mode: 'restricted', egress_allowlist: ['github.com:443'] },
  filesystem: { workspace: '/tmp/agent/', host_mounts: ['/data:ro', '/out'] },
  resources: { cpu_limit: '500m', memory_limit: '4Gi', timeout_seconds: 300 },
});

test('a policy compiles to what to enforce and what to expect', () => {
  const { enforce, expect: expected } = compilePolicy(policy);
  expect(enforce).toMatchObject({
    workspace: { path: '/tmp/agent', writable: true },
    hostMounts: [
      { path: '/data', writable: false },
      { path: '/out', writable: true },
    ],
    limits: { cpuCores: 0.5, memoryBytes: 4_294_967_296, pidsMax: 1024, timeoutMs: 300_000 },
    freezeOnRecorderLoss: true,
  });
  expect(expected).toMatchObject({ workspace: '/tmp/agent', automaticLevelMax: 'L2' });
});

test('limits are read in every unit that the schema takes', () => {
  const limits = (cpu_limit: string, memory_limit: string) =>
    parseLimits({ cpu_limit, memory_limit, timeout_seconds: 1, pids_limit: 8 });
  expect(limits('0.5', '512Mi')).toMatchObject({ cpuCores: 0.5, memoryBytes: 536_870_912 });
  expect(limits('2', '1000')).toMatchObject({ cpuCores: 2, memoryBytes: 1000 });
  expect(limits('1', '64Ki')).toMatchObject({ memoryBytes: 65_536 });
});

test('an isolation is weaker than another by rank, and bubblewrap and docker are alike', () => {
  expect(isWeaker('process', 'gvisor')).toBe(true);
  expect(isWeaker('docker', 'bubblewrap')).toBe(false);
  expect(isWeaker('firecracker', 'gvisor')).toBe(false);
});

test('the digest does not depend on the order of fields', () => {
  const turned = Object.fromEntries(Object.entries(policy).reverse());
  expect(policyDigest(Policy.parse(turned))).toBe(policyDigest(policy));
  expect(policyDigest({ ...policy, isolation: 'docker' })).not.toBe(policyDigest(policy));
});

test('canonical JSON gives the bytes of RFC 8785', () => {
  const value = {
    '\u20ac': 1e21,
    b: [true, null, 'é"\n'],
    a: -0,
    '1': 333333333.3333333,
    z: undefined,
  };
  expect(canonicalJson(value)).toBe(
    '{"1":333333333.3333333,"a":0,"b":[true,null,"é\\"\\n"],"€":1e+21}',
  );
  expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
  expect(() => canonicalJson('\ud800')).toThrow(TypeError);
  expect(() => canonicalJson(1n)).toThrow(TypeError);
});

test('a policy that is tight has no warnings, a wide one names each hole', () => {
  const tight = { ...policy, filesystem: { ...policy.filesystem, host_mounts: [] } };
  expect(lintPolicy(tight)).toEqual([]);
  const wide = Policy.parse({
    isolation: 'process',
    network: {
      mode: 'restricted',
      egress_allowlist: ['*.com:443', '*.github.io:443', '*.co.uk:443', '1.1.1.1:443', 'x.y:22'],
      private_allow: [{ name: 'x.y', address: '10.0.0.1' }],
    },
    filesystem: { workspace: '/tmp', host_mounts: ['/etc:ro', '/srv'] },
    resources: { cpu_limit: '0', memory_limit: '1', timeout_seconds: 604_800 },
    credentials: { secret_scanning: false },
    on_recorder_loss: 'continue',
    responses: { automatic: false },
  });
  expect(lintPolicy(wide).map(({ code }) => code)).toEqual([
    'isolation_weak',
    'wildcard_broad',
    'wildcard_broad',
    'wildcard_broad',
    'address_literal',
    'port_unusual',
    'private_address_allowed',
    'host_mount_sensitive',
    'host_mount',
    'workspace_broad',
    'timeout_long',
    'memory_small',
    'cpu_zero',
    'scanning_off',
    'unwatched_allowed',
    'responses_manual',
  ]);
});

test('a lexical path has no dots, and never leaves the top', () => {
  expect(lexicalPath('/a/./b//../c/')).toBe('/a/c');
  expect(lexicalPath('../../x', '/a')).toBe('/x');
  expect(lexicalPath('/..')).toBe('/');
  expect(lexicalPath('/')).toBe('/');
  const part = fc.constantFrom('', '.', '..', 'a', '..a', 'b.');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = lexicalPath(`/${parts.join('/')}`);
      expect(path).not.toMatch(/\/\.{0,2}(?:\/|$)(?<!^\/)/);
      expect(lexicalPath(path)).toBe(path);
    }),
  );
  expect(isWithin('/tmp/agent2', '/tmp/agent')).toBe(false);
  expect(isWithin('/tmp/agent/x', '/tmp/agent')).toBe(true);
});
