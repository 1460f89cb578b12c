// Stripe: secret, restricted and webhook signing keys (docs.stripe.com/keys); publishable ones are public.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Stripe's keys. */
export const rules = [
  defineRule({
    id: 'stripe-key',
    keywords: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
    pattern: /[sr]k_(?:live|test)_[A-Za-z0-9]{16,120}(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`sk_${'live_'}${sample('base62', 24)}`, `rk_${'test_'}51${sample('base62', 97)}`],
    misses: () => [`pk_live_${sample('base62', 24)}`, `sk_${'test_'}${'x'.repeat(24)}`],
  }),
  defineRule({
    id: 'stripe-webhook-secret',
    keywords: ['whsec_'],
    pattern: /whsec_[A-Za-z0-9+/]{32,80}={0,2}/dy,
    accepts: isTokenLike,
    hits: () => [`wh${'sec_'}${sample('base62', 32)}`],
    misses: () => ['whsec_secret'],
  }),
];
