// Slack: bot, user, app and refresh tokens, and incoming webhooks (api.slack.com/authentication/token-types).
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const numbers = `${sample('digits', 12, 2)}-${sample('digits', 12, 3)}`;

/** Slack's tokens and webhooks. */
export const rules = [
  defineRule({
    id: 'slack-token',
    keywords: [
      'xoxb-',
      'xoxp-',
      'xoxa-',
      'xoxo-',
      'xoxs-',
      'xoxr-',
      'xoxe-',
      'xoxe.',
      'xoxc-',
      'xoxd-',
      'xapp-',
    ],
    pattern: /(?:xox[abcdeoprs][-.]|xapp-)(?:xox[bp]-)?[A-Za-z0-9%+/-]{10,140}/dy,
    accepts: (token) => isTokenLike(token) && /[0-9]{2}/.test(token),
    hits: () => [
      `xox${'b-'}${numbers}-${sample('base62', 24)}`,
      `xa${'pp-'}1-A${sample('upper', 10)}-${sample('digits', 13)}-${sample('hex', 64)}`,
    ],
    misses: () => [`xox${'b-'}your-token-here`, `xox${'b-'}${'0'.repeat(20)}`],
  }),
  defineRule({
    id: 'slack-webhook',
    keywords: ['hooks.slack.com/'],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9/_-]{30,110})/dy,
    accepts: isTokenLike,
    hits: () => [
      `https://hooks.slack.${'com/services/'}T${sample('upper', 10)}/B${sample('upper', 10)}/${sample('base62', 24)}`,
    ],
    misses: () => ['https://hooks.slack.com/services/'],
  }),
];
