// Reads the kernel's own description of its types: BTF, as Documentation/bpf/btf.rst lays it out.
import assert from 'node:assert/strict';

/** A member of a structure or union; those of anonymous ones inside count as its own. */
export interface BtfMember {
  readonly name: string;
  readonly offsetBytes: number;
  /** Number of its type. */
  readonly type: number;
}

/** The types of one BTF file by their numbers; 0 is `void`. */
export interface Btf {
  /** The number of a structure, or of a typedef. */
  readonly struct: (name: string) => number | undefined;
  readonly typedef: (name: string) => number | undefined;
  readonly members: (struct: number) => readonly BtfMember[];
  readonly sizeBytes: (type: number) => number;
  /** The type as C names it where it is used, with its typedefs undone. */
  readonly c: (type: number) => string;
}

const magic = 0xeb9f;
const headBytes = 12;
const pointerBytes = 8;
const kind = { int: 1, pointer: 2, struct: 4, union: 5, enum: 6, typedef: 8, enum64: 19 } as const;
/** Typedef, volatile, const, restrict, type tag: the type behind them has the same bytes. */
const transparent: ReadonlySet<number> = new Set([kind.typedef, 9, 10, 11, 18]);
/** By kind, the bytes behind a type's head: in all, and for each of what it counts. */
const tailBytes: Readonly<Record<number, readonly [number, number]>> = {
  ...{ 1: [4, 0], 3: [12, 0], 4: [0, 12], 5: [0, 12], 6: [0, 8], 13: [0, 8], 14: [4, 0] },
  ...{ 15: [0, 12], 17: [4, 0], 19: [0, 12] },
};
const integers: Readonly<Record<number, string>> = {
  1: 'char',
  2: 'short',
  4: 'int',
  8: 'long long',
};

/** Reads a little-endian BTF file; throws a `RangeError` or an `AssertionError` for anything else. */
export function readBtf(file: Buffer): Btf {
  assert(file.readUInt16LE(0) === magic, 'a BTF file begins with its magic number');
  const body = file.readUInt32LE(4);
  const strings = body + file.readUInt32LE(16);
  const heads = headsOf(file, body + file.readUInt32LE(8), file.readUInt32LE(12));
  const kindOf = (type: number) => (at(type, 4) >>> 24) & 0x1f;
  const names = new Map<string, number>();
  for (const type of heads.keys()) {
    const of = type === 0 ? 0 : kindOf(type);
    if (of === kind.struct || of === kind.typedef) names.set(`${of} ${text(at(type, 0))}`, type);
  }
  return {
    struct: (name) => names.get(`${kind.struct} ${name}`),
    typedef: (name) => names.get(`${kind.typedef} ${name}`),
    members,
    sizeBytes: (type) => (kindOf(bare(type)) === kind.pointer ? pointerBytes : at(bare(type), 8)),
    c,
  };

  /** A word of the type's head: 0 is its name, 4 its kind and count, 8 its size or target. */
  function at(type: number, offset: number): number {
    return file.readUInt32LE((heads[type] ?? Number.NaN) + offset);
  }

  function text(offset: number): string {
    return file.toString('latin1', strings + offset, file.indexOf(0, strings + offset));
  }

  function bare(type: number): number {
    return type !== 0 && transparent.has(kindOf(type)) ? bare(at(type, 8)) : type;
  }

  function members(struct: number, base = 0): readonly BtfMember[] {
    const count = at(struct, 4) & 0xffff;
    const areBitfields = at(struct, 4) >>> 31 === 1;
    return Array.from({ length: count }, (_, each) => headBytes + each * 12).flatMap((entry) => {
      const [name, type, place] = [at(struct, entry), at(struct, entry + 4), at(struct, entry + 8)];
      const offsetBytes = base + (areBitfields ? place & 0xff_ffff : place) / 8;
      if (name !== 0) return [{ name: text(name), offsetBytes, type }];
      const inner = kindOf(bare(type));
      return inner === kind.struct || inner === kind.union ? members(bare(type), offsetBytes) : [];
    });
  }

  function c(type: number): string {
    const real = bare(type);
    if (real === 0) return 'void';
    switch (kindOf(real)) {
      case kind.int: {
        const isSigned = ((at(real, headBytes) >>> 24) & 1) === 1;
        return `${isSigned ? 'signed' : 'unsigned'} ${integers[at(real, 8)]}`;
      }
      case kind.enum:
      case kind.enum64:
        return `unsigned ${integers[at(real, 8)]}`;
      case kind.pointer:
        return `${c(at(real, 8))} *`;
      case kind.struct:
        return at(real, 0) === 0 ? 'void' : `struct ${text(at(real, 0))}`;
      default:
        return 'void';
    }
  }
}

/** A file that describes `int` and nothing else, for a reader that insists on a file. */
export const hardlyAnyBtf: Buffer = btfFile(
  [1, kind.int << 24, 4, (1 << 24) | 32], // its name, its kind, its size, signed with 32 bits
  '\0int\0',
);

function btfFile(types: readonly number[], strings: string): Buffer {
  const words = (numbers: readonly number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
  const sizeBytes = types.length * 4;
  const header = [magic | (1 << 16), 24, 0, sizeBytes, sizeBytes, strings.length];
  return Buffer.concat([words(header), words(types), Buffer.from(strings, 'latin1')]);
}

/** Where the head of each type stands; the first place is that of `void`, which has none. */
function headsOf(file: Buffer, from: number, sizeBytes: number): readonly number[] {
  const heads = [Number.NaN];
  for (let at = from; at < from + sizeBytes; ) {
    heads.push(at);
    const info = file.readUInt32LE(at + 4);
    const [fixed, each] = tailBytes[(info >>> 24) & 0x1f] ?? [0, 0];
    at += headBytes + fixed + each * (info & 0xffff);
  }
  return heads;
}
