// SHA-256 as 32-character latin1 strings: the form in which Node hashes and compares fastest.
import { hash } from 'node:crypto';

/**
 * 32 bytes as a latin1 string, one character for each byte. `crypto.hash` returns it at half the
 * cost of a Buffer, and `===` compares it. Never print it: `hexOf` is for people.
 */
export type Hash = string;

/** SHA-256 gives this many bytes. */
export const hashSizeBytes = 32;

/** SHA-256 of the bytes (FIPS 180-4). */
export function sha256(bytes: Uint8Array): Hash {
  // `binary` is Node's older name of latin1, and the one that its types know.
  return hash('sha256', bytes, 'binary');
}

/** The 64 lower-case hexadecimal digits of a hash. */
export function hexOf(value: Hash): string {
  return Buffer.from(value, 'latin1').toString('hex');
}

/** A hash from 64 hexadecimal digits that a schema has checked. */
export function hashOfHex(hex: string): Hash {
  return Buffer.from(hex, 'hex').toString('latin1');
}

/** A hash from stored bytes, or undefined where they are not 32. */
export function hashOfBytes(bytes: Buffer): Hash | undefined {
  return bytes.length === hashSizeBytes ? bytes.toString('latin1') : undefined;
}

/** The 32 bytes of a hash. */
export function bytesOf(value: Hash): Buffer {
  return Buffer.from(value, 'latin1');
}
