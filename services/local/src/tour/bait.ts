// A token that looks real and opens nothing, made anew each time: none stands in the code.
import type { Random } from '@sandtrail/runtime/clock';
import { base62Checksum } from '@sandtrail/secrets/checksum';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * The 36 characters after the prefix of a GitHub personal access token: 30 random ones and their
 * checksum (GitHub, "Behind GitHub's new authentication token formats", 2021).
 */
export function githubTokenTail(random: Random): string {
  const body = [...random(30)].map((byte) => alphabet[byte % alphabet.length]).join('');
  return body + base62Checksum(body);
}
