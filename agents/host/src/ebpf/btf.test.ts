import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hardlyAnyBtf, readBtf } from './btf.ts';
import { declareStructs } from './kernel-structs.ts';

const names = ['', 'int', 'outer', 'first', 'flag', 'second', 'number', 'inner', 'unsigned int'];
const strings = `${names.join('\0')}\0`;
const name = (text: string) => (text === '' ? 0 : strings.indexOf(`\0${text}\0`) + 1);
const kindOf = { int: 1, pointer: 2, struct: 4, union: 5, typedef: 8, const: 10 } as const;
const head = (text: string, kind: keyof typeof kindOf, more: number, value: number) => {
  return [name(text), (kindOf[kind] << 24) | more, value];
};

/** struct outer { const int *first; int flag : 1; union { number second; struct inner *x; } }; */
const bitfields = 0x8000_0000;
const words = [
  ...[...head('int', 'int', 0, 4), (1 << 24) | 32], // 1
  ...head('', 'const', 0, 1), // 2
  ...head('', 'pointer', 0, 2), // 3
  ...[...head('unsigned int', 'int', 0, 4), 32], // 4
  ...head('number', 'typedef', 0, 4), // 5
  ...[...head('', 'union', 2, 8), name('second'), 5, 0, name('inner'), 7, 0], // 6
  ...head('', 'pointer', 0, 8), // 7
  ...[...head('outer', 'struct', bitfields | 3, 24)], // 8
  ...[name('first'), 3, 0, name('flag'), 1, (1 << 24) | 64, 0, 6, 128],
].map((word) => word >>> 0);
const bytes = (numbers: readonly number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
const header = [0x1_eb9f, 24, 0, words.length * 4, words.length * 4, strings.length];
const small = Buffer.concat([bytes(header), bytes(words), Buffer.from(strings)]);

test('members keep their places and types, those of an anonymous union among them', () => {
  const btf = readBtf(small);
  const members = btf.members(btf.struct('outer') ?? 0);
  const seen = members.map(({ name, offsetBytes, type }) => [name, offsetBytes, btf.c(type)]);
  expect(seen).toEqual([
    ['first', 0, 'signed int *'],
    ['flag', 8, 'signed int'],
    ['second', 16, 'unsigned int'],
    ['inner', 16, 'struct outer *'],
  ]);
  expect(members.map(({ type }) => btf.sizeBytes(type))).toEqual([8, 4, 4, 8]);
  expect(btf.sizeBytes(btf.struct('outer') ?? 0)).toBe(24);
  expect(btf.c(btf.typedef('number') ?? 0)).toBe('unsigned int');
});

test('a kernel without a structure, and a file that is no BTF, are refused', () => {
  expect(() => declareStructs(readBtf(small), [])).toThrow(/has no struct qstr/);
  expect(readBtf(hardlyAnyBtf).struct('task_struct')).toBeUndefined();
  expect(() => readBtf(Buffer.from('not a description of types'))).toThrow(/magic/);
  expect(() => readBtf(small.subarray(0, 60))).toThrow(RangeError);
});

test('this kernel’s structures are declared with each member at its place', () => {
  const btf = readBtf(readFileSync('/sys/kernel/btf/vmlinux'));
  const text = declareStructs(btf, ['umode_t', 'no_such_type']);
  expect(text).toContain('#define umode_t unsigned short\n');
  expect(text).not.toContain('no_such_type');
  const [, gap = '', links] =
    /inode \{ .*?pad_0\[(\d+)\].*(unsigned int i_nlink);/.exec(text) ?? [];
  const inode = btf.members(btf.struct('inode') ?? 0);
  expect(inode.find((member) => member.name === 'i_ino')?.offsetBytes).toBe(Number(gap));
  expect(links).toBeDefined();
  // A structure inside another one has to be known, and of its true size, before that one.
  expect(text.indexOf('struct qstr {')).toBeLessThan(text.indexOf('struct dentry {'));
});
