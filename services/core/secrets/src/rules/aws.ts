// Amazon Web Services: access key ids, secret access keys, session tokens (IAM identifiers reference).
import { entropy, isMixed, isMonotonous } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const keyId = (seed: number) => `AK${'IA'}${sample('base32', 16, seed)}`;
const secretKey = (seed: number) => sample('base64', 40, seed);
const isSecretKey = (text: string) => entropy(text) >= 3.8 && isMixed(text);

/** AWS's keys and tokens. */
export const rules = [
  defineRule({
    id: 'aws-access-key-id',
    keywords: ['akia', 'asia', 'abia', 'acca'],
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/dy,
    accepts: (id) => /[0-9]/.test(id.slice(4)) && !isMonotonous(id),
    hits: () => [keyId(3), `export AWS_ACCESS_KEY_ID=${keyId(5)}`],
    misses: () => ['AKIA', `AKIA${'A'.repeat(16)}`, `MAKIA${sample('base32', 16)}`],
  }),
  defineRule({
    id: 'aws-secret-access-key',
    keywords: [
      'secretaccesskey',
      'secret_access_key',
      'secret-access-key',
      'aws_secret',
      'secretkey',
    ],
    pattern:
      /[a-z_-]{9,24}["']?\s{0,4}(?:=>|[:=,])\s{0,4}["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/diy,
    accepts: isSecretKey,
    hits: () => [`aws_secret_access_key = ${secretKey(7)}`, `"SecretAccessKey": "${secretKey(8)}"`],
    misses: () => [
      `secret_access_key = ${'a'.repeat(40)}`,
      `secret_access_key = ${sample('base64', 39)}`,
    ],
  }),
  defineRule({
    id: 'aws-key-pair',
    keywords: ['akia', 'asia'],
    pattern:
      /(?:AKIA|ASIA)[A-Z0-9]{16}[^A-Za-z0-9/+]{1,8}(?:[A-Za-z_ ]{0,30}[^A-Za-z0-9/+]{1,5})?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dy,
    accepts: isSecretKey,
    hits: () => [`${keyId(3)},${secretKey(9)}`, `${keyId(3)}:${secretKey(10)}`],
    misses: () => [`${keyId(3)} ${'abcdefghij'.repeat(4)}`],
  }),
  defineRule({
    id: 'aws-session-token',
    keywords: ['fwogzxivyxdz', 'iqojb3jpz2lu'],
    pattern: /(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9/+]{80,}/dy,
    runsOn: 'token',
    hits: () => [`IQoJb3Jp${'Z2lu'}${sample('base64', 300)}==`],
    misses: () => [`IQoJb3Jp${'Z2lu'} and more`],
  }),
];
