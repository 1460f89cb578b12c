import { SandtrailError } from '@sandtrail/schemas/errors';
import { describe, expect, test } from 'vitest';
import { parsePolicy } from './parse-policy.ts';

const declared = `isolation: gvisor
network: { mode: restricted, egress_allowlist: ["api.openai.com:443", "github.com:443"], ingress: deny_all }
filesystem: { workspace: /tmp/agent, mode: read_write, host_mounts: [] }
resources: { cpu_limit: "2", memory_limit: 4Gi, timeout_seconds: 300 }
credentials: { mode: just_in_time, secret_scanning: true }
`;

function refusal(text: string): string {
  try {
    parsePolicy(text, { source: 'p.yaml' });
  } catch (error) {
    if (error instanceof SandtrailError && error.code === 'POLICY_INVALID') return error.detail;
    throw error;
  }
  return 'accepted';
}

describe('parsePolicy', () => {
  test('takes the sandbox_config as it was specified, with and without its key, and as JSON', () => {
    const plain = parsePolicy(declared);
    expect(plain).toMatchObject({ isolation: 'gvisor', on_recorder_loss: 'freeze' });
    const wrapped = `sandbox_config:\n${declared.trimEnd().replace(/^/gm, '  ')}`;
    expect(parsePolicy(wrapped)).toEqual(plain);
    expect(parsePolicy(JSON.stringify(plain))).toEqual(plain);
    expect(parsePolicy(JSON.stringify({ sandbox_config: plain }, null, 2))).toEqual(plain);
  });

  test.each([
    [
      'an unknown field',
      declared.replace('ingress:', 'ingres:'),
      'p.yaml:2:90: network.ingres: network has no such field',
    ],
    [
      'an unknown field at the top',
      `${declared}extra: 1\n`,
      'p.yaml:6:1: extra: the policy has no such field',
    ],
    ['a duplicate key', `${declared}isolation: none\n`, 'p.yaml:6:1'],
    ['a number for text', declared.replace('"2"', '2'), 'p.yaml:4:25: resources.cpu_limit'],
    ['a number for text, with the remedy', declared.replace('"2"', '2'), 'put the value in quotes'],
    [
      'a bad destination',
      declared.replace('github.com:443', 'https://github.com'),
      'p.yaml:2:71: network.egress_allowlist.1: write it as host:port',
    ],
    [
      'an impossible port',
      declared.replace('github.com:443', 'github.com:0'),
      'port 0 is not between',
    ],
    ['a missing section', declared.replace(/^resources.*\n/m, ''), 'p.yaml:1:1: resources'],
    [
      'an alias',
      `${declared.replace('gvisor', '&a gvisor')}on_recorder_loss: *a\n`,
      'anchors and aliases',
    ],
    [
      'a key beside the wrapper',
      `sandbox_config:\n${declared.trimEnd().replace(/^/gm, '  ')}\nother: 1\n`,
      'beside sandbox_config',
    ],
    ['two documents', `${declared}---\n${declared}`, 'p.yaml:6:1'],
    ['a tag', declared.replace('gvisor', '!!js/function gvisor'), 'p.yaml:1:12'],
    ['text that is not YAML', 'isolation: [', 'p.yaml:1:'],
    ['nothing', '', 'p.yaml:1:1'],
    ['a scalar', 'gvisor', 'p.yaml:1:1'],
    ['too much', `# ${'x'.repeat(262_144)}`, 'larger than'],
    ['a prototype', `${declared}__proto__: { isolation: none }\n`, 'p.yaml:6:1'],
  ])('refuses %s and says where', (_what, text, words) => {
    expect(refusal(text)).toContain(words);
  });

  test('a bomb of anchors costs nothing', () => {
    const bomb = Array.from({ length: 30 }, (_, at) =>
      at === 0 ? 'a0: &a0 [x,x]' : `a${at}: &a${at} [*a${at - 1},*a${at - 1}]`,
    ).join('\n');
    expect(refusal(bomb)).toContain('anchors and aliases');
  });

  test('deep nesting is refused, not fatal', () => {
    expect(refusal('['.repeat(100_000))).toContain('p.yaml:');
    expect(refusal(`a: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`)).toContain('p.yaml:');
  });

  test('many faults are told at once, and no more than a few', () => {
    const keys = Array.from({ length: 20 }, (_, at) => `"h${at}"`).join(', ');
    const text = declared.replace('"api.openai.com:443", "github.com:443"', keys);
    expect(refusal(text)).toContain('and 12 more');
  });
});
