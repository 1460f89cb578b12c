// GitHub: tokens of the format of April 2021, whose last six characters are a CRC-32.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample, sampleWithChecksum } from '../sample.ts';

/** GitHub's tokens. */
export const rules = [
  defineRule({
    id: 'github-token',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /gh[pousr]_[A-Za-z0-9]{36,120}(?![A-Za-z0-9])/dy,
    // A checksum that fails does not clear a token: half of one, or one typed off, is still a leak.
    accepts: isTokenLike,
    hits: () => [
      `gh${'p_'}${sampleWithChecksum(1)}`,
      `token gh${'s_'}${sampleWithChecksum(2)} end`,
    ],
    misses: () => [
      `gh${'p_'}${'x'.repeat(36)}`,
      'ghp_token_goes_here',
      `ghp_${sample('base62', 20)}`,
    ],
  }),
  defineRule({
    id: 'github-fine-grained-token',
    keywords: ['github_pat_'],
    pattern: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`github${'_pat_'}${sample('base62', 22)}_${sample('base62', 59)}`],
    misses: () => [`github${'_pat_'}${sample('base62', 22)}`],
  }),
  defineRule({
    id: 'github-legacy-token',
    keywords: ['github_token', 'github-token', 'gh_token', 'github_oauth'],
    pattern: /[a-z_-]{8,24}["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[0-9a-f]{40})(?![0-9A-Za-z])/diy,
    accepts: (token) => entropy(token) >= 3,
    hits: () => [`GITHUB_TOKEN=${sample('hex', 40, 3)}`],
    misses: () => [`github_token=${'0'.repeat(40)}`],
  }),
];
