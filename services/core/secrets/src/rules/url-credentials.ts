// Passwords in URLs and connection strings (RFC 3986 userinfo): https, postgres, mysql, mongodb, redis, amqp.
import { isPlaceholder } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const password = sample('base62', 14);
const names = /^(?:password|passwd|pass|pwd|secret|token|user|username|pw|[*x.]+)$/i;

/** Passwords in URLs. */
export const rules = [
  defineRule({
    id: 'url-password',
    keywords: ['://'],
    isCommon: true,
    pattern: /:\/\/[^\s:/@?#"'`<>\\]{0,60}:(?<secret>[^\s/@"'`<>\\]{3,80})@[A-Za-z0-9[_]/dy,
    accepts: (secret) => !names.test(secret) && !isPlaceholder(secret),
    hits: () => [
      `https://made-up:${password}@git.made.test/repo`,
      `postgres://app:${password}@db:5432/app`,
      `mongodb+srv://app:${password}@cluster0.made.test`,
      `redis://:${password}@cache:6379/0`,
      `amqp://guest:${password}@mq`,
    ],
    misses: () => [
      'https://user:password@host.test/',
      `https://user:\${PASSWORD}@host.test/`,
      'http://host.test:8080/a@b',
      'https://host.test/x:y@z',
    ],
  }),
];
