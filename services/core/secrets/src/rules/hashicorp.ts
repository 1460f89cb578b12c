// HashiCorp: Vault service, batch and recovery tokens, Terraform Cloud tokens.
import { entropy, isMixed, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** HashiCorp's tokens. */
export const rules = [
  defineRule({
    id: 'vault-token',
    keywords: ['hvs.', 'hvb.', 'hvr.'],
    pattern: /(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{24,150}/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [`hv${'s.'}${sample('base64url', 90)}`, `hv${'b.'}${sample('base64url', 250)}`],
    misses: () => ['hvs.token', `hvs.${'x'.repeat(30)}`],
  }),
  defineRule({
    id: 'vault-legacy-token',
    keywords: ['vault_token', 'x-vault-token', 'vault-token'],
    pattern:
      /[a-z-]{0,2}vault[_-]token["']?\s{0,3}[:=]\s{0,3}["']?(?<secret>(?:s\.)?[A-Za-z0-9._-]{20,40})/diy,
    accepts: (token) => isMixed(token) && entropy(token) >= 3,
    hits: () => [`VAULT_TOKEN=s.${sample('base62', 24)}`],
    misses: () => ['vault_token: none'],
  }),
  defineRule({
    id: 'terraform-token',
    keywords: ['.atlasv1.'],
    pattern: /(?<=(?<lead>[A-Za-z0-9]{14}))\.atlasv1\.[A-Za-z0-9_=-]{60,70}/dy,
    accepts: isTokenLike,
    hits: () => [`${sample('base62', 14)}${'.atlas'}v1.${sample('base62', 67)}`],
    misses: () => ['a.atlasv1.b'],
  }),
];
