// Senders of mail and messages: SendGrid, Mailgun, Mailchimp, Twilio, Brevo.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const isHexLike = (text: string) => entropy(text) >= 3;

/** Keys of senders of messages. */
export const rules = [
  defineRule({
    id: 'sendgrid-key',
    keywords: ['sg.'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}(?![A-Za-z0-9_-])/dy,
    accepts: isTokenLike,
    hits: () => [`S${'G.'}${sample('base64url', 22)}.${sample('base64url', 43)}`],
    misses: () => ['msg.length.toString', `SG.${'x'.repeat(22)}.${'x'.repeat(43)}`],
  }),
  defineRule({
    id: 'mailgun-key',
    keywords: ['key-', 'mailgun'],
    isCommon: true,
    pattern:
      /(?:(?<![A-Za-z0-9])key-(?<key>[0-9a-f]{32})|mailgun[\w "':=.-]{0,40}[^0-9a-f](?<secret>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}))(?![0-9a-f-])/diy,
    accepts: isHexLike,
    hits: () => [
      `ke${'y-'}${sample('hex', 32)}`,
      `MAILGUN_API_KEY=${sample('hex', 32)}-${sample('hex', 8)}-${sample('hex', 8)}`,
    ],
    misses: () => ['key-value', `hotkey-${sample('hex', 32)}`],
  }),
  defineRule({
    id: 'mailchimp-key',
    keywords: ['-us'],
    isCommon: true,
    pattern: /(?<=(?<![0-9a-z])(?<lead>[0-9a-f]{32}))-us[0-9]{1,2}(?![0-9A-Za-z])/dy,
    accepts: isHexLike,
    hits: () => [`${sample('hex', 32)}${'-us'}12`],
    misses: () => ['en-us', `x${sample('hex', 32)}-us1`],
  }),
  defineRule({
    id: 'brevo-key',
    keywords: ['xkeysib-', 'xsmtpsib-'],
    pattern: /x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}/dy,
    hits: () => [`xkey${'sib-'}${sample('hex', 64)}-${sample('base62', 16)}`],
    misses: () => ['xkeysib-key'],
  }),
  defineRule({
    id: 'twilio-key',
    keywords: ['sk', 'ac'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9])(?:SK|AC)[0-9a-f]{32}(?![0-9A-Za-z])/dy,
    accepts: isHexLike,
    hits: () => [`S${'K'}${sample('hex', 32)}`, `A${'C'}${sample('hex', 32)}`],
    misses: () => [`TASK${sample('hex', 32)}`, `SK${'0'.repeat(32)}`],
  }),
  defineRule({
    id: 'twilio-auth-token',
    keywords: ['twilio'],
    pattern: /twilio[\w "'.-]{0,40}[:=]\s{0,3}["']?(?<secret>[0-9a-f]{32})(?![0-9A-Za-z])/diy,
    accepts: isHexLike,
    hits: () => [`TWILIO_AUTH_TOKEN=${sample('hex', 32)}`],
    misses: () => ['twilio_auth_token=from-vault'],
  }),
];
