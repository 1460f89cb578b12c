// Private keys in PEM (RFC 7468), OpenSSH's, PGP's and PuTTY's own formats; the whole block is masked.
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const block = (label: string, lines: number) =>
  [
    `-----BEGIN ${label}-----`,
    ...Array.from({ length: lines }, (_, line) => sample('base64', 64, line + 1)),
    `-----END ${label}-----`,
  ].join('\n');

/** Private keys. */
export const rules = [
  defineRule({
    id: 'private-key',
    keywords: ['-----begin '],
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]){0,6}(?:[A-Za-z-]{3,20}: [^\n]{1,40}(?:\s|\\[nr]){1,4}){0,1}[A-Za-z0-9+/=\s\\]{16}/dy,
    runsOn: 'pem',
    hits: () => [
      block(`RSA ${'PRIVATE'} KEY`, 24),
      block(`OPENSSH ${'PRIVATE'} KEY`, 6),
      `{"private_key": "${block(`${'PRIVATE'} KEY`, 20).replaceAll('\n', '\\n')}"}`,
    ],
    misses: () => [block('CERTIFICATE', 4), block('PUBLIC KEY', 4), '-----BEGIN PRIVATE KEY-----'],
  }),
  defineRule({
    id: 'putty-private-key',
    keywords: ['private-lines:'],
    pattern: /Private-Lines: [0-9]{1,3}\s{1,2}(?<secret>[A-Za-z0-9+/=\s]{32,130})/dy,
    runsOn: 'pem',
    hits: () => [`Private-${'Lines:'} 2\n${sample('base64', 64)}\n${sample('base64', 64, 2)}`],
    misses: () => ['Private-Lines: none'],
  }),
];
