// Docker: personal and organisation access tokens, and the `auths` of config.json.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Docker's tokens. */
export const rules = [
  defineRule({
    id: 'docker-token',
    keywords: ['dckr_pat_', 'dckr_oat_'],
    pattern: /dckr_[po]at_[A-Za-z0-9_-]{27,40}/dy,
    accepts: isTokenLike,
    hits: () => [`dckr_${'pat_'}${sample('base64url', 27)}`],
    misses: () => ['dckr_pat_token'],
  }),
  defineRule({
    id: 'docker-config-auth',
    keywords: ['"auth"'],
    pattern: /"auth"\s{0,4}:\s{0,4}"(?<secret>[A-Za-z0-9+/]{12,110}={0,2})"/dy,
    accepts: (auth) =>
      /^[\x20-\x7e]{1,64}:[\x20-\x7e]{4,}$/.test(Buffer.from(auth, 'base64').toString('latin1')),
    hits: () => [
      `{"auths":{"r.test":{"auth": "${Buffer.from(`made-up:${sample('base62', 12)}`).toString('base64')}"}}}`,
    ],
    misses: () => ['{"auth": "requiredforall"}', '{"auth": "basic"}'],
  }),
];
