// Takes an argument list of strace apart: strings, numbers, descriptors, structures, arrays.
import type { KernelText } from '../kernel/text.ts';

/** Splits a list at its top-level commas; quotes, brackets and `<…>` notes stay whole. */
export function splitList(list: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < list.length) {
    if (list[at] === ',') {
      parts.push(list.slice(from, at).trim());
      from = at + 1;
      at += 1;
    } else at = skipToken(list, at);
  }
  const last = list.slice(from).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

/** The position after the token at `at`: one character, or a whole quoted or bracketed part. */
export function skipToken(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === '"') return skipString(text, at);
  if (first === '\\') return at + 2;
  if (text.startsWith('/*', at)) return skipTo(text, '*/', at);
  const end = closing[first];
  if (end === undefined) return text.startsWith('->', at) ? at + 2 : at + 1;
  let inside = at + 1;
  while (inside < text.length && text[inside] !== end) inside = skipToken(text, inside);
  return inside + 1;
}

function skipString(text: string, at: number): number {
  let inside = at + 1;
  while (inside < text.length && text[inside] !== '"') inside += text[inside] === '\\' ? 2 : 1;
  return inside + 1;
}

function skipTo(text: string, mark: string, at: number): number {
  const found = text.indexOf(mark, at);
  return found === -1 ? text.length : found + mark.length;
}

const single: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, b: 8, a: 7 };

/** A quoted string's bytes; `…"...` was cut by strace. `undefined` for NULL or a bare pointer. */
export function textOf(token: string): KernelText | undefined {
  const open = token.indexOf('"');
  if (open === -1 || !/^@?"/.test(token)) return undefined;
  const end = skipString(token, open);
  const bytes = unescapeBytes(token.slice(open + 1, end - 1));
  const abstract = token.startsWith('@') ? [Buffer.from('@'), bytes] : [bytes];
  return { bytes: Buffer.concat(abstract), cut: token.startsWith('...', end) };
}

/** Undoes the C escapes that strace writes: letters, up to three octal digits, `\\x` in addresses. */
export function unescapeBytes(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x5c) {
      bytes.push(code & 0xff);
      continue;
    }
    const hex = /^x[0-9a-f]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex.slice(1), 16));
      at += hex.length;
    } else if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8) & 0xff);
      at += octal.length;
    } else {
      const letter = text[at + 1] ?? '';
      bytes.push(single[letter] ?? letter.charCodeAt(0));
      at += 1;
    }
  }
  return Buffer.from(bytes);
}

/** A number: decimal, octal, hexadecimal, or several joined by `|`; notes behind it are left out. */
export function numberOf(token: string): bigint {
  const bare = token.replace(/^\w+=/, '').replace(/[</ ].*$/s, '');
  return bare.split('|').reduce((sum, part) => sum | oneNumber(part), 0n);
}

function oneNumber(part: string): bigint {
  const match = /^(-?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/.exec(part);
  if (match === null) return 0n;
  const [, sign, digits = '0'] = match;
  const octal = /^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return sign === '-' ? -BigInt(octal) : BigInt(octal);
}

/** What strace says that a descriptor is, such as `/etc` of `3</etc>`. */
export function descriptorPath(token: string): string | undefined {
  const open = token.indexOf('<');
  if (open === -1) return undefined;
  const note = token.slice(open + 1, skipToken(token, open) - 1);
  const path = note.replace(/<(?:char|block) \d+:\d+>$/, '').replace(/\(deleted\)$/, '');
  return path.startsWith('/') ? unescapeBytes(path).toString('utf8') : undefined;
}

/** The value of `name=` or `name:` in a structure `{…}`. */
export function memberOf(token: string, name: string): string | undefined {
  if (!token.startsWith('{')) return undefined;
  const members = splitList(token.slice(1, skipToken(token, 0) - 1));
  return members.find((member) => member.startsWith(`${name}=`))?.slice(name.length + 1);
}
