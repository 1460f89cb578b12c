// Checksums that tell a real number from a chance one: CRC-32 in base 62, Luhn, ISO 7064 mod 97.
import { crc32 } from 'node:zlib';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 of a text as six base-62 digits (GitHub's token format of 2021, npm's likewise). */
export function base62Checksum(text: string): string {
  let rest = crc32(text);
  let out = '';
  for (let place = 0; place < 6; place += 1) {
    out = `${base62[rest % 62]}${out}`;
    rest = Math.floor(rest / 62);
  }
  return out;
}

/** True when the last digit is the Luhn digit of those before it (ISO/IEC 7812-1). */
export function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** True when an IBAN's check digits fit (ISO 13616: rearranged, letters as numbers, mod 97 = 1). */
export function hasIbanDigits(iban: string): boolean {
  let rest = 0;
  for (const letter of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
