// Cloudflare: the prefixed tokens of 2026, older ones by their context, and origin CA keys.
import { entropy, isMixed, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Cloudflare's keys. */
export const rules = [
  defineRule({
    id: 'cloudflare-token',
    keywords: ['cfk_', 'cfut_', 'cfat_'],
    pattern: /(?<![A-Za-z0-9])cf(?:k|ut|at)_[A-Za-z0-9]{40,60}(?![A-Za-z0-9_])/dy,
    accepts: isTokenLike,
    hits: () => [`cfu${'t_'}${sample('base62', 40)}${sample('hex', 8)}`],
    misses: () => ['cfk_value'],
  }),
  defineRule({
    id: 'cloudflare-legacy-key',
    keywords: ['cloudflare', 'cf_api', 'x-auth-key'],
    pattern:
      /(?:cloudflare|cf_api|x-auth-key)[\w "'.-]{0,40}[:=]\s{0,3}["']?(?<secret>[0-9a-f]{37}|[A-Za-z0-9_-]{40})(?![A-Za-z0-9_-])/diy,
    accepts: (key) => isMixed(key) && entropy(key) >= 3.1,
    hits: () => [
      `CLOUDFLARE_API_TOKEN=${sample('base64url', 40)}`,
      `X-Auth-Key: ${sample('hex', 37)}`,
    ],
    misses: () => ['cloudflare_zone: example', sample('hex', 37)],
  }),
  defineRule({
    id: 'cloudflare-origin-ca-key',
    keywords: ['v1.0-'],
    isCommon: true,
    pattern: /v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}/dy,
    runsOn: 'token',
    hits: () => [`v1.${'0-'}${sample('hex', 24)}-${sample('hex', 146)}`],
    misses: () => ['v1.0-beta', `v1.0-${sample('hex', 24)}`],
  }),
];
