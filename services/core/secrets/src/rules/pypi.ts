// PyPI and RubyGems and crates.io: tokens of package registries.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Tokens of package registries. */
export const rules = [
  defineRule({
    id: 'pypi-token',
    keywords: ['pypi-ageichlwas5vcmc', 'pypi-agendgvzdc5wexbplm9yzw'],
    pattern: /pypi-Ag[A-Za-z0-9_-]{40,140}/dy,
    runsOn: 'token',
    hits: () => [`pyp${'i-AgEI'}cHlwaS5vcmc${sample('base64url', 150)}`],
    misses: () => ['pypi-publish', `pypi-${sample('base64url', 60)}`],
  }),
  defineRule({
    id: 'rubygems-key',
    keywords: ['rubygems_'],
    pattern: /rubygems_[0-9a-f]{48}(?![0-9a-f])/dy,
    accepts: (key) => entropy(key) >= 3,
    hits: () => [`ruby${'gems_'}${sample('hex', 48)}`],
    misses: () => ['rubygems_version'],
  }),
  defineRule({
    id: 'crates-io-token',
    keywords: ['cio'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9])cio[A-Za-z0-9]{32}(?![A-Za-z0-9])/dy,
    accepts: (token) => isTokenLike(token) && /[0-9]/.test(token) && /[A-Z]/.test(token),
    hits: () => [`ci${'o'}${sample('base62', 32, 4)}`],
    misses: () => ['precious', 'ciolateralmentegrandeeproprioassai'],
  }),
];
