// One printed record of the program: hexadecimal numbers, and at the end at most one text.
import { addressWords, argvWords, earlyWords } from './program.ts';

/** What every numbered record begins with. Times are nanoseconds since boot. */
export interface RecordHead {
  readonly cgroup: bigint;
  readonly processor: number;
  /** Counts this cgroup's records on this processor from 1: a hole is a loss. */
  readonly number: bigint;
  readonly atNs: bigint;
  readonly pid: number;
  readonly tid: number;
  readonly startNs: bigint;
  readonly ppid: number;
  readonly uid: number;
}

/** A numbered record (`main`), a piece that belongs to the same task's next one, or a fence. */
export type ProgramRecord =
  | {
      readonly type: 'main';
      readonly head: RecordHead;
      readonly call: number;
      readonly result: bigint;
      readonly numbers: readonly bigint[];
      readonly text: Buffer | undefined;
      readonly address: Buffer | undefined;
    }
  | { readonly type: 'early'; readonly tid: number; readonly bytes: Buffer }
  | { readonly type: 'target'; readonly tid: number; readonly bytes: Buffer }
  | { readonly type: 'argv'; readonly tid: number; readonly piece: number; readonly bytes: Buffer }
  | {
      readonly type: 'file';
      readonly tid: number;
      readonly links: number;
      readonly name: Buffer;
    }
  | { readonly type: 'fence'; readonly token: bigint; readonly atNs: bigint };

/** How many numbers stand in a record of each letter, and whether a text follows them. */
const shapes: Readonly<Record<string, { readonly numbers: number; readonly text: boolean }>> = {
  E: { numbers: 9, text: true },
  N: { numbers: 11, text: false },
  A: { numbers: 9 + addressWords, text: false },
  T: { numbers: 1, text: true },
  P: { numbers: 1, text: true },
  W: { numbers: 1 + earlyWords, text: false },
  V: { numbers: 2 + argvWords, text: false },
  X: { numbers: 2, text: true },
  F: { numbers: 2, text: false },
};

const space = 0x20;

/** Reads a record; `undefined` when it is not one. The text is everything after the last number. */
export function parseRecord(bytes: Buffer): ProgramRecord | undefined {
  const letter = String.fromCharCode(bytes[0] ?? 0);
  const shape = shapes[letter];
  if (shape === undefined || bytes[1] !== space) return undefined;
  const numbers: bigint[] = [];
  let at = 2;
  for (let count = 0; count < shape.numbers; count += 1) {
    const found = bytes.indexOf(space, at);
    const end = found === -1 ? bytes.length : found;
    const digits = bytes.toString('latin1', at, end);
    if (!/^[0-9a-f]{1,16}$/.test(digits)) return undefined;
    numbers.push(BigInt(`0x${digits}`));
    at = end + 1;
  }
  if (shape.text ? at > bytes.length : at <= bytes.length) return undefined;
  return assemble(letter, numbers, bytes.subarray(at));
}

function assemble(letter: string, numbers: bigint[], text: Buffer): ProgramRecord | undefined {
  const [first = 0n, second = 0n] = numbers;
  const tid = Number(first);
  switch (letter) {
    case 'E':
    case 'N':
    case 'A':
      return mainRecord(letter, numbers, text);
    case 'T':
      return { type: 'early', tid, bytes: text };
    case 'W':
      return { type: 'early', tid, bytes: wordBytes(numbers.slice(1)) };
    case 'P':
      return { type: 'target', tid, bytes: text };
    case 'V':
      return { type: 'argv', tid, piece: Number(second), bytes: wordBytes(numbers.slice(2)) };
    case 'X':
      return { type: 'file', tid, links: Number(second >> 32n), name: text };
    case 'F':
      return { type: 'fence', token: first, atNs: second };
    default:
      return undefined;
  }
}

const low = 0xffff_ffffn;

function mainRecord(letter: 'E' | 'N' | 'A', numbers: bigint[], text: Buffer): ProgramRecord {
  const [cgroup = 0n, place = 0n, atNs = 0n, task = 0n, startNs = 0n, parent = 0n] = numbers;
  const [packed = 0n, result = 0n, ...rest] = numbers.slice(6);
  const head: RecordHead = {
    cgroup,
    processor: Number(place >> 48n),
    number: place & 0xffff_ffff_ffffn,
    atNs,
    pid: Number(task >> 32n),
    tid: Number(task & low),
    startNs,
    ppid: Number(parent >> 32n),
    uid: Number(parent & low),
  };
  const [third = 0n] = rest;
  const own = { type: 'main' as const, head, result: BigInt.asIntN(64, result) };
  switch (letter) {
    case 'E':
      return {
        ...own,
        call: Number(packed >> 32n),
        numbers: [packed & low, third >> 32n, third & low],
        text,
        address: undefined,
      };
    case 'N':
      return { ...own, call: Number(packed), numbers: rest, text: undefined, address: undefined };
    case 'A':
      return {
        ...own,
        call: Number(packed),
        numbers: [third >> 32n],
        text: undefined,
        address: wordBytes(rest.slice(1)).subarray(0, Number(third & low)),
      };
    default:
      return letter satisfies never;
  }
}

/** Words as they lay in memory; every machine that bpftrace and Node share is little-endian. */
function wordBytes(words: readonly bigint[]): Buffer {
  const bytes = Buffer.allocUnsafe(words.length * 8);
  for (const [at, word] of words.entries()) bytes.writeBigUInt64LE(word, at * 8);
  return bytes;
}
