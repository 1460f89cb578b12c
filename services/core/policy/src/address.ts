// IP addresses as attackers write them: every spelling is read as the one address that it means.

/**
 * An address, canonical. `embedded` is the IPv4 address inside a transition form (NAT64, 6to4,
 * Teredo, v4-compatible, ISATAP); a v4-mapped address is unwrapped, since the kernel does the same.
 */
export interface Address {
  readonly family: 4 | 6;
  /** Dotted decimal, or RFC 5952; without brackets. */
  readonly text: string;
  /** One number for IPv4 (32 bits), eight for IPv6 (16 bits each). */
  readonly groups: readonly number[];
  readonly embedded: Address | undefined;
}

/** Where an address leads; only `public` may be dialled without being declared. */
export type AddressClass =
  | 'public'
  | 'private'
  | 'loopback'
  | 'unspecified'
  | 'linkLocal'
  | 'multicast'
  | 'transition'
  | 'reserved';

/**
 * Reads an address in any spelling that a resolver or `inet_aton(3)` accepts: dotted, decimal, hex,
 * octal and short IPv4; IPv6 with or without brackets. Undefined when the text is not an address.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length === 0 || text.length > 64) return undefined;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare.includes(':')) return parseV6(bare);
  return bare === text ? parseV4(bare) : undefined;
}

/** True when a resolver would take the name for an IPv4 address: its last label is a number (WHATWG URL). */
export function endsInNumber(name: string): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return /^(?:\d+|0[xX][0-9a-fA-F]*)$/.test(last);
}

/** Where the address leads (RFC 6890 and its registry; RFC 6052, 3056, 4380, 5214 for transition forms). */
export function classifyAddress(address: Address): AddressClass {
  return address.family === 4 ? classifyV4(address.groups[0] ?? 0) : classifyV6(address);
}

function parseV4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    const value = parseV4Part(part);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  const last = numbers.pop() ?? 0;
  if (numbers.some((value) => value > 255)) return undefined;
  if (last >= 256 ** (4 - numbers.length)) return undefined;
  const high = numbers.reduce((sum, value, at) => sum + value * 256 ** (3 - at), 0);
  return v4(high + last);
}

function parseV4Part(part: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]{0,16}$/.test(part)) return part.length === 2 ? 0 : Number(part);
  if (/^0[0-7]{1,16}$/.test(part)) return Number.parseInt(part, 8);
  return /^(?:0|[1-9]\d{0,10})$/.test(part) ? Number(part) : undefined;
}

function v4(value: number): Address {
  const text = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  return { family: 4, text, groups: [value], embedded: undefined };
}

function parseV6(text: string): Address | undefined {
  const halves = expandTail(text).split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(readGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = tail === undefined ? head : [...head, ...Array<number>(missing).fill(0), ...tail];
  const low = embeddedAt(groups, 6);
  if (isZero(groups, { from: 0, to: 5 }) && groups[5] === 0xffff) return v4(low);
  return { family: 6, text: formatV6(groups), groups, embedded: embeddedV4(groups) };
}

/** Writes a dotted tail (`::ffff:1.2.3.4`) as two groups; an ill-formed one makes the rest fail. */
function expandTail(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  const tail = text.slice(at);
  if (!tail.includes('.')) return text;
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(tail)) return ':::';
  const bytes = tail.split('.').map(Number);
  if (bytes.some((byte) => byte > 255)) return ':::';
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return `${text.slice(0, at)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  return parts.map((part) => Number.parseInt(part, 16));
}

function formatV6(groups: readonly number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length += 1;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

function embeddedV4(groups: readonly number[]): Address | undefined {
  const [g0 = 0, g1 = 0, g2 = 0, , g4 = 0, g5 = 0] = groups;
  if (g0 === 0x2002) return v4(embeddedAt(groups, 1));
  if (g0 === 0x2001 && g1 === 0) return v4(0xffff_ffff - embeddedAt(groups, 6));
  if (g0 === 0x64 && g1 === 0xff9b && (g2 === 0 || g2 === 1)) return v4(embeddedAt(groups, 6));
  if ((g4 === 0 || g4 === 0x200) && g5 === 0x5efe) return v4(embeddedAt(groups, 6));
  const low = embeddedAt(groups, 6);
  if (isZero(groups, { from: 0, to: 6 }) && low > 1) return v4(low);
  const siit = isZero(groups, { from: 0, to: 4 }) && g4 === 0xffff && g5 === 0;
  return siit ? v4(low) : undefined;
}

function embeddedAt(groups: readonly number[], at: number): number {
  return (groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0);
}

function isZero(groups: readonly number[], { from, to }: { from: number; to: number }): boolean {
  return groups.slice(from, to).every((group) => group === 0);
}

const v4Ranges: readonly (readonly [string, number, AddressClass])[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'linkLocal'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'transition'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'reserved'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

const v4Table = v4Ranges.map(([base, bits, kind]) => {
  const size = 2 ** (32 - bits);
  return { block: Math.floor((parseV4(base)?.groups[0] ?? 0) / size), size, kind };
});

function classifyV4(value: number): AddressClass {
  const range = v4Table.find(({ block, size }) => Math.floor(value / size) === block);
  return range?.kind ?? 'public';
}

function classifyV6(address: Address): AddressClass {
  const [g0 = 0, g1 = 0, g2 = 0] = address.groups;
  const last = address.groups[7] ?? 0;
  if (isZero(address.groups, { from: 0, to: 7 }) && last <= 1)
    return last === 1 ? 'loopback' : 'unspecified';
  if (address.embedded !== undefined) return 'transition';
  if (g0 === 0x64 && g1 === 0xff9b) return 'transition';
  if (g0 >= 0xff00) return 'multicast';
  if (g0 >= 0xfe80 && g0 <= 0xfebf) return 'linkLocal';
  if (g0 >= 0xfc00) return 'private';
  if (g0 === 0x2001 && (g1 < 0x200 || g1 === 0xdb8)) return 'reserved';
  if (g0 === 0x3fff && g1 < 0x1000) return 'reserved';
  if (g0 === 0x100 && g1 === 0 && g2 === 0) return 'reserved';
  return g0 >= 0x2000 && g0 <= 0x3fff ? 'public' : 'reserved';
}
