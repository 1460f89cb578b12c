import { describe, expect, test } from 'vitest';
import { openKitTestbed } from './testbed.ts';

const argv = [
  '/usr/bin/python3',
  '-m',
  'pytest',
  '-q',
  'tests/unit/test_models.py::test_roundtrip',
  '--maxfail=3',
  '-p',
  'no:cacheprovider',
];
const exec = (at: number) => ({
  kind: 'process.exec' as const,
  observedAtNs: `${1_753_142_400_000_000_000n + BigInt(at)}`,
  process: { pid: 4000 + at, startNs: '123456789012', ppid: 1, uid: 1000, comm: 'python3' },
  exe: { raw: '/usr/bin/python3', resolved: '/usr/bin/python3.11' },
  argv,
  cwd: '/workspace/project',
  origin: 'image' as const,
});

describe('the kit, one core', () => {
  test('emit with redaction, 500-byte bodies, shipped to memory', async ({ bench }) => {
    const bed = openKitTestbed();
    const stream = await bed.open();
    await bench('emit x 1000', async () => {
      for (let at = 0; at < 1000; at += 1) stream.emit(exec(at));
      await new Promise((resolve) => setImmediate(resolve));
    }).run();
    await bed.remove();
    expect(bed.counters.snapshot()['kit.dropped{spool_full}']).toBeUndefined();
  });
});
