// Makes a body fit its bound by cutting its longest texts further, each with its size and hash beside it.

import { hash } from 'node:crypto';
import { RawField } from '@sandtrail/schemas/body';
import { cut } from './field-bounds.ts';

const attemptsMax = 24;
const rawMax = 32;

/** The bytes of the body with its longest top-level texts halved until it fits; nothing if it cannot. */
export function shrink(
  body: Readonly<Record<string, unknown>>,
  sizeBytesMax: number,
): Buffer | undefined {
  let fields = body;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const longest = longestText(fields);
    if (longest === undefined) return undefined;
    fields = halve(fields, longest);
    const bytes = Buffer.from(JSON.stringify(fields), 'utf8');
    if (bytes.length <= sizeBytesMax) return bytes;
  }
  return undefined;
}

function longestText(fields: Readonly<Record<string, unknown>>): string | undefined {
  let longest: string | undefined;
  let chars = 1024;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value.length <= chars) continue;
    longest = name;
    chars = value.length;
  }
  return longest;
}

function halve(fields: Readonly<Record<string, unknown>>, name: string) {
  const text = `${fields[name]}`;
  const raw = RawField.array().safeParse(fields['raw']).data ?? [];
  const isNoted = raw.some((entry) => entry.field === name) || raw.length >= rawMax;
  const note = { field: name, sizeBytes: Buffer.byteLength(text), sha256: hash('sha256', text) };
  const noted = isNoted ? raw : [...raw, note];
  return { ...fields, [name]: cut(text, Math.floor(text.length / 2)), raw: noted };
}
