// Tools of developers: Linear, Notion, Figma, Postman, Atlassian, Doppler, Pulumi, 1Password, age.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Keys of developers' tools. */
export const rules = [
  defineRule({
    id: 'linear-key',
    keywords: ['lin_api_', 'lin_oauth_'],
    pattern: /lin_(?:api|oauth)_[A-Za-z0-9]{40,64}/dy,
    accepts: isTokenLike,
    hits: () => [`lin_${'api_'}${sample('base62', 40)}`],
    misses: () => ['lin_api_key'],
  }),
  defineRule({
    id: 'notion-token',
    keywords: ['ntn_'],
    pattern: /(?<![A-Za-z0-9])ntn_[0-9]{11}[A-Za-z0-9]{35}/dy,
    accepts: isTokenLike,
    hits: () => [`nt${'n_'}${sample('digits', 11)}${sample('base62', 35)}`],
    misses: () => ['ntn_token'],
  }),
  defineRule({
    id: 'figma-token',
    keywords: ['figd_'],
    pattern: /figd_[A-Za-z0-9_-]{40,140}/dy,
    accepts: isTokenLike,
    hits: () => [`fig${'d_'}${sample('base64url', 40)}`],
    misses: () => ['figd_token'],
  }),
  defineRule({
    id: 'postman-key',
    keywords: ['pmak-'],
    pattern: /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/dy,
    hits: () => [`PMA${'K-'}${sample('hex', 24)}-${sample('hex', 34)}`],
    misses: () => ['PMAK-key'],
  }),
  defineRule({
    id: 'atlassian-token',
    keywords: ['atatt3xffgf0', 'atctt3xffgn0', 'atbb'],
    pattern:
      /(?<![A-Za-z0-9])(?:AT[AC]TT3xFf[A-Za-z0-9_=-]{60,140}|ATBB[A-Za-z0-9]{32}(?![A-Za-z0-9]))/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [`ATATT3${'xFfGF0'}${sample('base64url', 170)}=${sample('hex', 8)}`],
    misses: () => ['ATBBtoken'],
  }),
  defineRule({
    id: 'doppler-token',
    keywords: ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
    pattern:
      /(?<![A-Za-z0-9])dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}/dy,
    accepts: isTokenLike,
    hits: () => [`dp.${'pt.'}${sample('base62', 43)}`],
    misses: () => ['dp.pt.x'],
  }),
  defineRule({
    id: 'pulumi-token',
    keywords: ['pul-'],
    pattern: /(?<![A-Za-z0-9])pul-[0-9a-f]{40}(?![0-9a-f])/dy,
    accepts: (token) => entropy(token) >= 3,
    hits: () => [`pu${'l-'}${sample('hex', 40)}`],
    misses: () => ['pul-request'],
  }),
  defineRule({
    id: 'onepassword-service-token',
    keywords: ['ops_ey'],
    pattern: /ops_ey[A-Za-z0-9+/_-]{60,150}/dy,
    runsOn: 'token',
    hits: () => [`ops${'_ey'}J${sample('base62', 300)}`],
    misses: () => ['ops_eye'],
  }),
  defineRule({
    id: 'age-secret-key',
    keywords: ['age-secret-key-1'],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/dy,
    hits: () => [
      `AGE-SECRET-${'KEY-1'}${'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58)}`,
    ],
    misses: () => ['AGE-SECRET-KEY-1'],
  }),
];
