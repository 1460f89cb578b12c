// JSON Web Tokens (RFC 7519) in compact form; Kubernetes' service account tokens are such.
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function isJsonHeader(token: string): boolean {
  const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('latin1');
  return /"(?:alg|typ|kid|enc)"/.test(header);
}

/** JSON Web Tokens. */
export const rules = [
  defineRule({
    id: 'json-web-token',
    keywords: ['eyj'],
    isCommon: true,
    pattern:
      /(?<![A-Za-z0-9_+/-])eyJ[A-Za-z0-9_-]{10,110}\.(?:eyJ[A-Za-z0-9_-]{8,140}|[A-Za-z0-9_-]{20,140})/dy,
    runsOn: 'token',
    accepts: isJsonHeader,
    hits: () => [
      `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'made-up', iat: 1 })}.${sample('base64url', 43)}`,
      `Bearer ${part({ alg: 'RS256', kid: sample('base62', 40) })}.${part({ text: sample('base62', 400) })}.${sample('base64url', 342)}`,
    ],
    misses: () => [`${part({ name: 'nobody' })}.${part({ a: 1 })}`, 'eyJ.eyJ'],
  }),
];
