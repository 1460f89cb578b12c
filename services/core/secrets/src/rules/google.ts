// Google: API keys, OAuth client secrets and tokens, service account files.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Google's keys and tokens. */
export const rules = [
  defineRule({
    id: 'google-api-key',
    keywords: ['aiza'],
    pattern: /AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/dy,
    accepts: isTokenLike,
    hits: () => [`AI${'za'}${sample('base64url', 35, 3)}`],
    misses: () => [`AIza${'x'.repeat(35)}`, `AIza${sample('base64url', 20)}`],
  }),
  defineRule({
    id: 'google-oauth-client-secret',
    keywords: ['gocspx-'],
    pattern: /GOCSPX-[A-Za-z0-9_-]{28}/dy,
    accepts: isTokenLike,
    hits: () => [`GOC${'SPX-'}${sample('base64url', 28)}`],
    misses: () => ['GOCSPX-secret'],
  }),
  defineRule({
    id: 'google-access-token',
    keywords: ['ya29.'],
    pattern: /ya29\.[A-Za-z0-9_-]{30,140}/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [`ya${'29.'}${sample('base64url', 180)}`],
    misses: () => ['ya29.short'],
  }),
  defineRule({
    id: 'google-refresh-token',
    keywords: ['1//0'],
    pattern: /(?<![A-Za-z0-9])1\/\/0[A-Za-z0-9_-]{40,110}/dy,
    accepts: isTokenLike,
    hits: () => [`1/${'/0'}${sample('base64url', 60)}`],
    misses: () => ['1//0', 'https://1//0'],
  }),
  defineRule({
    id: 'gcp-service-account-key-id',
    keywords: ['private_key_id'],
    pattern: /private_key_id["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[0-9a-f]{40})(?![0-9a-f])/dy,
    accepts: (id) => entropy(id) >= 3,
    hits: () => [`"private_key_id": "${sample('hex', 40, 5)}"`],
    misses: () => ['"private_key_id": "abc"'],
  }),
];
