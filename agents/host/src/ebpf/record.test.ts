import { readFileSync } from 'node:fs';
import { createCounters } from '@sandtrail/runtime/counters';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { watchedCalls } from '../kernel/calls.ts';
import { SandboxNames } from '../kernel/names.ts';
import { ProcessTable } from '../kernel/processes.ts';
import { sandboxFor } from '../kernel/rig.ts';
import { Assembler } from './assembler.ts';
import { LineReader } from './lines.ts';
import { observeRecord } from './observer.ts';
import { type ProgramRecord, parseRecord } from './record.ts';

const fixture = readFileSync(new URL('fixtures/hostile-names.jsonl', import.meta.url));

const records: ProgramRecord[] = [];
new LineReader((line) => {
  const record = line.type === 'printed' ? parseRecord(line.bytes) : undefined;
  if (record !== undefined) records.push(record);
}).push(fixture);

function observations() {
  const assembler = new Assembler(createCounters());
  const context = {
    sandbox: sandboxFor({}),
    processes: new ProcessTable(),
    names: new SandboxNames(),
    bootNs: 0n,
  };
  return records.flatMap((record) => {
    const whole = record.type === 'fence' ? undefined : assembler.take(record);
    return whole === undefined ? [] : observeRecord(whole, context);
  });
}

const names = [
  ...['nl\nin', 'ansi\u001b[31mred', 'q"uo\'te', 'back\\slash\\u0041', 'uni\\uffffffff'],
  ...['\xff\xfe\xfd', 'ff\xffff', '\xc3\xa9t\xc3\xa9', '\x01\x02\x7f', 'sp ace  two', '%s%lx'],
  ...['x'.repeat(198), 'y'.repeat(199), 'z'.repeat(199), '}"}'],
];

test('every hostile name of the recorded run is read byte for byte, up to 199 bytes', () => {
  const opened = records.flatMap((record) =>
    record.type === 'main' && watchedCalls[record.call]?.name === 'openat' && record.result === 3n
      ? [record.text?.toString('latin1')]
      : [],
  );
  expect(opened.filter((name) => name !== undefined && !name.startsWith('/'))).toEqual(names);
});

test('a name that was cut says so, and bytes that are no UTF-8 stand in the raw part', () => {
  const opens = observations().filter((one) => one.kind === 'file.open');
  const of = (raw: string) => opens.find(({ path }) => path.raw === raw);
  expect(of('x'.repeat(198))?.path.cut).toBeUndefined();
  expect(of('z'.repeat(199))?.path.cut).toBe(true);
  expect(of('été')?.raw).toBeUndefined();
  const broken = opens.find(({ raw }) => raw?.[0]?.base64 === '//79');
  expect(broken?.path.raw).toBe('\ufffd\ufffd\ufffd');
});

test('addresses, links, renames and argument vectors of the recorded run are read', () => {
  const seen = observations();
  const connects = seen.filter((one) => one.kind === 'network.connect');
  expect(connects.map(({ family, address, port }) => [family, address, port])).toEqual([
    ['inet', '127.0.0.1', 9],
    ['inet6', '::1', 9],
    ['unix', '/run/docker.sock', undefined],
    ['unix', '@ab\0c', undefined],
    ['inet', '127.0.0.1', 53],
    ['inet', '127.0.0.1', 54],
  ]);
  expect(seen.find(({ kind }) => kind === 'file.link')).toMatchObject({
    path: { raw: 'ln' },
    target: { raw: '/etc/passwd' },
  });
  expect(seen.find(({ kind }) => kind === 'file.rename')).toMatchObject({
    path: { raw: 'ln' },
    target: { raw: 'ln2' },
  });
  const [exec] = seen.filter((one) => one.kind === 'process.exec');
  expect(exec?.argv.slice(0, 4)).toEqual(['true', 'a b', '\n"\\\ufffd', '']);
  expect(exec?.argvOmitted).toBe(1);
  const calls = seen.filter((one) => one.kind === 'syscall').map(({ name }) => name);
  expect(calls).toEqual(['unshare', 'mount', 'ptrace', 'socket']);
});

test('no bytes whatever make the parser throw', () => {
  const letter = fc.constantFrom(...'ENATPWVXFq');
  const bytes = fc.tuple(letter, fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(bytes, ([first, rest]) => {
      const record = parseRecord(Buffer.concat([Buffer.from(`${first} `), Buffer.from(rest)]));
      if (record?.type === 'main') expect(record.head.pid).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('the text is all that follows the last number, with its spaces', () => {
  const text = '  1 2 3 ';
  const record = parseRecord(Buffer.from(`E 1 2 3 4 5 6 7 8 9 ${text}`));
  expect(record?.type === 'main' ? record.text?.toString() : undefined).toBe(text);
  expect(parseRecord(Buffer.from('E 1 2 3 4 5 6 7 8'))).toBeUndefined();
  expect(parseRecord(Buffer.from('F 1 2 3'))).toBeUndefined();
});
