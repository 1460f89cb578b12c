// What the rim check costs for one body of 500 bytes.
import { test } from 'vitest';
import { checkRim } from './rim.ts';

const body = Buffer.from(
  JSON.stringify({
    v: 1,
    kind: 'process.exec',
    stream: 'ebpf:node-1:1:sandbox-1:0',
    seq: '12345',
    observedAtNs: '1764000000000000000',
    process: { pid: 4711, startNs: '123456789', ppid: 1, uid: 1000, comm: 'git' },
    exe: { raw: '/usr/bin/git', resolved: '/usr/bin/git' },
    argv: ['git', 'commit', '-m', 'x'.repeat(160)],
    cwd: '/workspace/project',
    origin: 'image',
  }),
);

test('the rim check of a thousand bodies', async ({ bench }) => {
  await bench('checkRim', {}, () => {
    for (let i = 0; i < 1000; i += 1) checkRim(body);
  }).run();
});
