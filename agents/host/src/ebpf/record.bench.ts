// How fast bpftrace's lines become observations, without the kernel: the recorded run again and again.
import { readFileSync } from 'node:fs';
import { createCounters } from '@sandtrail/runtime/counters';
import { test } from 'vitest';
import { SandboxNames } from '../kernel/names.ts';
import { ProcessTable } from '../kernel/processes.ts';
import { sandboxFor } from '../kernel/rig.ts';
import { Assembler } from './assembler.ts';
import { LineReader } from './lines.ts';
import { observeRecord } from './observer.ts';
import { parseRecord } from './record.ts';

const fixture = readFileSync(new URL('fixtures/hostile-names.jsonl', import.meta.url));

test('90 lines of bpftrace to 44 observations', async ({ bench }) => {
  const assembler = new Assembler(createCounters());
  const context = {
    ...{ sandbox: sandboxFor({}), processes: new ProcessTable(), bootNs: 0n },
    names: new SandboxNames(),
  };
  const reader = new LineReader((line) => {
    const record = line.type === 'printed' ? parseRecord(line.bytes) : undefined;
    if (record === undefined || record.type === 'fence') return;
    const whole = assembler.take(record);
    if (whole !== undefined) observeRecord(whole, context);
  });
  await bench('read, parse, join, observe', {}, () => reader.push(fixture)).run();
});
