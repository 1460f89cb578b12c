// How a secret is spoken of without being told: its mask and its keyed fingerprint.
import { createHmac, type KeyObject } from 'node:crypto';

const shownCharsMax = 4;
const shownShareMax = 0.2;
/** Three from sixteen on is within both, so a mask need not know how long its secret will become. */
const shownHeadChars = 3;

const maskCharsMax = 64;

/** Matches a mask, as `maskText` writes it. */
export const maskPattern = /\[redacted:[a-z0-9-]{1,48}:[\w*-]{0,4}…[\w*-]{0,2}\]/;

/**
 * Head and tail around `…`: at most four characters and at most a fifth of the secret together.
 * A secret of unknown end (`isHeadOnly`) shows its head alone.
 */
export function maskedForm(secret: string, isHeadOnly = false): string {
  const shown = Math.min(shownCharsMax, Math.floor(secret.length * shownShareMax));
  const tail = isHeadOnly ? 0 : Math.floor(shown / 2);
  const head = isHeadOnly ? Math.min(shown, shownHeadChars) : shown - tail;
  const plain = (text: string) => text.replace(/[^\w-]/g, '*');
  return `${plain(secret.slice(0, head))}…${plain(secret.slice(secret.length - tail))}`;
}

/** What stands in a text instead of a secret. */
export function maskText(rule: string, masked: string): string {
  return `[redacted:${rule}:${masked}]`;
}

/** HMAC-SHA-256 of a secret in hexadecimal. Only hosts hold the key: it would be an oracle inside. */
export function fingerprint(key: KeyObject, secret: string): string {
  return createHmac('sha256', key).update(secret, 'utf8').digest('hex');
}

/** True when the character at `at` belongs to a mask that an earlier pass left. */
export function isInsideMask(text: string, at: number): boolean {
  const from = Math.max(0, at - maskCharsMax);
  const near = text.slice(from, at + maskCharsMax);
  const start = near.lastIndexOf('[redacted:', at - from);
  const mask = start < 0 ? null : maskPattern.exec(near.slice(start));
  return mask?.index === 0 && from + start + mask[0].length > at;
}
