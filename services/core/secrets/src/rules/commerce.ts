// Shopify, Square, PayPal/Braintree: keys of shops and payments.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Keys of shops and payments. */
export const rules = [
  defineRule({
    id: 'shopify-token',
    keywords: ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shpua_'],
    pattern: /shp(?:at|ca|pa|ss|ua)_[0-9A-Fa-f]{32}(?![0-9A-Fa-f])/dy,
    accepts: (token) => entropy(token.slice(6)) >= 2.8,
    hits: () => [`shp${'at_'}${sample('hex', 32)}`],
    misses: () => ['shpat_token', `shpat_${'0'.repeat(32)}`],
  }),
  defineRule({
    id: 'square-token',
    keywords: ['sq0atp-', 'sq0csp-', 'eaaa'],
    pattern:
      /(?:sq0atp-[A-Za-z0-9_-]{22}|sq0csp-[A-Za-z0-9_-]{43}|(?<![A-Za-z0-9+/])EAAA[A-Za-z0-9_-]{60})(?![A-Za-z0-9_-])/dy,
    accepts: (token) => isTokenLike(token) && /[0-9]/.test(token),
    hits: () => [`sq0${'atp-'}${sample('base64url', 22)}`, `EA${'AA'}${sample('base64url', 60)}`],
    misses: () => ['sq0atp-token', 'EAAAAAAAAA'],
  }),
  defineRule({
    id: 'braintree-token',
    keywords: ['access_token$'],
    pattern: /access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}/dy,
    hits: () => [`access_${'token$'}production$${sample('lower', 16)}$${sample('hex', 32)}`],
    misses: () => ['access_token$value'],
  }),
];
