// Microsoft Azure: storage account keys, shared access signatures, Entra client secrets.
import { entropy, isMixed } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Azure's keys and signatures. */
export const rules = [
  defineRule({
    id: 'azure-storage-key',
    keywords: [
      'accountkey',
      'account_key',
      'account-key',
      'storage_key',
      'storagekey',
      'sharedaccesskey',
    ],
    pattern: /[a-z_-]{9,20}["']?\s{0,3}[:=]\s{0,3}["']?(?<secret>[A-Za-z0-9+/]{43,86}={1,2})/diy,
    accepts: (key) => entropy(key) >= 3.8,
    hits: () => [`AccountName=made;Account${'Key='}${sample('base64', 86)}==;EndpointSuffix=x`],
    misses: () => [`AccountKey=${'A'.repeat(86)}==`],
  }),
  defineRule({
    id: 'azure-sas-signature',
    keywords: ['sig='],
    isCommon: true,
    pattern: /(?<=[?&;\\"'])sig=(?<secret>(?:[A-Za-z0-9]|%2[BbFf]|[+/]){43,60}(?:%3[Dd]|=))/dy,
    accepts: (signature) => entropy(signature) >= 3.5,
    hits: () => [
      `https://made.blob.core.windows.net/c?sv=2024-11-04&s${'ig='}${sample('base62', 43)}%3D`,
    ],
    misses: () => ['https://a.test/?sig=abc', `?config=${sample('base62', 43)}%3D`],
  }),
  defineRule({
    id: 'azure-client-secret',
    keywords: ['q~'],
    isCommon: true,
    pattern:
      /(?<=(?<![A-Za-z0-9_~.-])(?<lead>[A-Za-z0-9_~.-]{3}[0-9]))Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/dy,
    accepts: (secret) => isMixed(secret) && entropy(secret) >= 3.5,
    hits: () => [`AZURE_CLIENT=aB~8${'Q~'}${sample('base62', 32)}`],
    misses: () => ['8Q~', `xx8Q~${sample('base62', 32)}`],
  }),
];
