// How a webhook is signed: HMAC-SHA-256 over id, time and body, as the Standard Webhooks scheme does it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SandtrailError } from '@sandtrail/schemas/errors';

/** What is signed: the event's id, seconds since the Unix epoch, the exact body. */
export interface SignedParts {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string;
}

const secretBytesMin = 24;
const prefix = 'whsec_';

/**
 * The key in a secret's file: base64 after `whsec_`, else the text itself; at least 24 bytes.
 * @throws SandtrailError `KEY_UNUSABLE`
 */
export function webhookKey(text: string): Buffer {
  const key = text.startsWith(prefix)
    ? Buffer.from(text.slice(prefix.length), 'base64')
    : Buffer.from(text);
  if (key.length >= secretBytesMin) return key;
  throw new SandtrailError('KEY_UNUSABLE', {
    detail: `a webhook's secret has at least ${secretBytesMin} bytes`,
  });
}

/** The value of the header `webhook-signature`. */
export function signWebhook({ id, timestamp, body }: SignedParts, key: Buffer): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** True when one of the header's signatures is ours; in the same time whatever it says. */
export function isSignedBy(parts: SignedParts, header: string, key: Buffer): boolean {
  const own = Buffer.from(signWebhook(parts, key));
  return header
    .split(' ')
    .map((each) => Buffer.from(each))
    .some((each) => each.length === own.length && timingSafeEqual(each, own));
}
