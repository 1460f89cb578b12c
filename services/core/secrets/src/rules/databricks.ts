// Databricks personal access tokens and Snowflake-like platforms for data.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Tokens of data platforms. */
export const rules = [
  defineRule({
    id: 'databricks-token',
    keywords: ['dapi', 'dose'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9])(?:dapi|dose)[0-9a-f]{32}(?:-[0-9])?(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`dap${'i'}${sample('hex', 32)}-2`],
    misses: () => ['dapi version', `dapi${'0'.repeat(32)}`],
  }),
  defineRule({
    id: 'planetscale-password',
    keywords: ['pscale_pw_', 'pscale_tkn_', 'pscale_oauth_'],
    pattern: /pscale_(?:pw|tkn|oauth)_[A-Za-z0-9_.=-]{32,64}/dy,
    accepts: isTokenLike,
    hits: () => [`pscale_${'pw_'}${sample('base64url', 43)}`],
    misses: () => ['pscale_pw_here'],
  }),
];
