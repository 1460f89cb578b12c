// OpenAI and services that speak its protocol: `sk-…`, `sk-proj-…`, `sk-svcacct-…`, `sk-admin-…`.
import { entropy, isMixed, isMonotonous } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** OpenAI's keys and their kin. */
export const rules = [
  defineRule({
    id: 'openai-project-key',
    keywords: ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-none-'],
    pattern: /sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{40,140}/dy,
    runsOn: 'token',
    accepts: (key) => isMixed(key.slice(8)) && !isMonotonous(key.slice(8)) && entropy(key) >= 3,
    hits: () => [`sk-${'proj-'}${sample('base64url', 74)}T3Blbk${'FJ'}${sample('base64url', 74)}`],
    misses: () => ['sk-proj-your-key-here', `sk-proj-${'x'.repeat(48)}`],
  }),
  defineRule({
    id: 'openai-key',
    keywords: ['sk-'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9_-])sk-[A-Za-z0-9]{32,64}(?![A-Za-z0-9_-])/dy,
    accepts: (key) => isMixed(key.slice(3)) && entropy(key) >= 3.2,
    hits: () => [
      `sk-${sample('base62', 20)}T3Blbk${'FJ'}${sample('base62', 20)}`,
      `sk-${sample('hex', 32)}`,
    ],
    misses: () => [`disk-${sample('base62', 40)}`, `sk-${'x'.repeat(48)}`, 'task-sk-learn'],
  }),
  defineRule({
    id: 'openrouter-key',
    keywords: ['sk-or-v1-'],
    pattern: /sk-or-v1-[0-9a-f]{64}/dy,
    accepts: (key) => entropy(key.slice(9)) >= 3,
    hits: () => [`sk-or-${'v1-'}${sample('hex', 64)}`],
    misses: () => [`sk-or-v1-${'0'.repeat(64)}`],
  }),
];
