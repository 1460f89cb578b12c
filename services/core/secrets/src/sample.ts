// Made-up text of a given alphabet for the rules' examples: always the same, never a real secret.
import { base62Checksum } from './checksum.ts';

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();

const alphabets = {
  digits,
  lower: lower + digits,
  upper: upper + digits,
  letters: lower + upper,
  base62: digits + upper + lower,
  base64: `${upper}${lower}${digits}+/`,
  base64url: `${upper}${lower}${digits}-_`,
  base32: `${upper}234567`,
  hex: '0123456789abcdef',
} as const;

/** `length` characters of an alphabet; the same arguments give the same text. */
export function sample(alphabet: keyof typeof alphabets, length: number, seed = 1): string {
  const letters = alphabets[alphabet];
  let state = (seed * 2_654_435_761 + length) >>> 0 || 1;
  let out = '';
  while (out.length < length) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    out += letters[(state >>> 8) % letters.length];
  }
  return out;
}

/** Thirty characters and the six of their CRC-32 in base 62, as GitHub and npm write it. */
export function sampleWithChecksum(seed = 1): string {
  const random = sample('base62', 30, seed);
  return random + base62Checksum(random);
}
