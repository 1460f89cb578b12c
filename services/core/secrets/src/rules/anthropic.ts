// Anthropic: API, administration and OAuth keys (`sk-ant-…`).
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Anthropic's keys. */
export const rules = [
  defineRule({
    id: 'anthropic-key',
    keywords: ['sk-ant-'],
    pattern: /sk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{32,130}/dy,
    accepts: (key) => isTokenLike(key.slice(7)),
    hits: () => [
      `sk-${'ant-'}api03-${sample('base64url', 93)}AA`,
      `sk-${'ant-'}oat01-${sample('base64url', 86)}`,
    ],
    misses: () => ['sk-ant-your-key', `sk-ant-api03-${'x'.repeat(80)}`],
  }),
];
