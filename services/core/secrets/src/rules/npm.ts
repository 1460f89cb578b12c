// Tokens of npm (2021: `npm_`, CRC-32 at the end) and the older UUID form in `.npmrc`.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample, sampleWithChecksum } from '../sample.ts';

/** npm's tokens. */
export const rules = [
  defineRule({
    id: 'npm-token',
    keywords: ['npm_'],
    pattern: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/dy,
    isCommon: true,
    accepts: isTokenLike,
    hits: () => [`np${'m_'}${sampleWithChecksum(4)}`],
    misses: () => ['npm_config_registry', `npm_${'x'.repeat(36)}`],
  }),
  defineRule({
    id: 'npmrc-auth',
    keywords: ['_authtoken', '_auth=', '_password='],
    pattern:
      /_(?:authToken|auth|password)\s{0,2}=\s{0,2}["']?(?<secret>[A-Za-z0-9+/_=-]{16,120})/diy,
    accepts: (token) => entropy(token) >= 3,
    hits: () => [`//registry.made.test/:_auth${'Token='}${sample('hex', 36)}`],
    misses: () => ['//registry.made.test/:_authToken=$NPM_TOKEN', '_auth=none'],
  }),
];
