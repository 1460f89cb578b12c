// Hosts: DigitalOcean, Heroku, Fly.io, Vercel, Netlify, Tailscale.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const uuid = `${sample('hex', 8)}-${sample('hex', 4)}-4${sample('hex', 3)}-a${sample('hex', 3)}-${sample('hex', 12)}`;

/** Tokens of hosting services. */
export const rules = [
  defineRule({
    id: 'digitalocean-token',
    keywords: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: /do[opr]_v1_[0-9a-f]{64}(?![0-9a-f])/dy,
    accepts: isTokenLike,
    hits: () => [`dop_${'v1_'}${sample('hex', 64)}`],
    misses: () => [`dop_v1_${'0'.repeat(64)}`],
  }),
  defineRule({
    id: 'heroku-key',
    keywords: ['heroku', 'hrku-'],
    pattern:
      /(?:HRKU-(?<key>[A-Za-z0-9_-]{36,64})|heroku[\w "'.-]{0,30}[:=]\s{0,3}["']?(?<secret>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}))(?![0-9A-Za-z])/diy,
    accepts: isTokenLike,
    hits: () => [`HEROKU_API_KEY=${uuid}`, `HRK${'U-'}AA${sample('base64url', 58)}`],
    misses: () => [uuid, 'heroku-cli'],
  }),
  defineRule({
    id: 'fly-token',
    keywords: ['fm2_', 'fm1r_', 'fm1a_', 'fo1_'],
    pattern: /(?<![A-Za-z0-9])f(?:m2|m1r|m1a|o1)_[A-Za-z0-9+/_-]{40,140}/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [`fm${'2_'}${sample('base64', 200)}`],
    misses: () => ['fm2_radio'],
  }),
  defineRule({
    id: 'vercel-token',
    keywords: ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'],
    pattern: /(?<![A-Za-z0-9])vc[piark]_[A-Za-z0-9]{20,60}(?![A-Za-z0-9_])/dy,
    accepts: (token) => isTokenLike(token) && /[0-9]/.test(token) && /[A-Z]/.test(token),
    hits: () => [`vc${'p_'}${sample('base62', 56)}`],
    misses: () => ['vcp_connection_established_now'],
  }),
  defineRule({
    id: 'tailscale-key',
    keywords: ['tskey-'],
    pattern: /tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,24}-[A-Za-z0-9]{20,48}/dy,
    accepts: isTokenLike,
    hits: () => [`tske${'y-auth-'}${sample('base62', 12)}CNTRL-${sample('base62', 32)}`],
    misses: () => ['tskey-auth-xxx'],
  }),
];
