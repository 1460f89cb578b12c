// Passwords on command lines and in files of clients: curl -u, mysql -p, sshpass, .netrc, htpasswd.
import { isPlaceholder } from '../entropy.ts';
import { defineRule, tier } from '../rule.ts';
import { sample } from '../sample.ts';

const password = sample('base62', 14);
const isGiven = (secret: string) =>
  !isPlaceholder(secret) && !/^(?:password|passwd|pass|pwd|token|\$\w+)$/i.test(secret);

/** Passwords as clients take them. */
export const rules = [
  defineRule({
    id: 'netrc-password',
    keywords: ['machine ', 'default login '],
    isCommon: true,
    pattern:
      /(?:machine\s{1,4}\S{1,60}|default)\s{1,4}login\s{1,4}\S{1,40}\s{1,4}password\s{1,4}(?<secret>[^\s'"`]{3,60})/dy,
    accepts: isGiven,
    hits: () => [`machine made.test login me password ${password}`],
    misses: () => [
      'machine learning with a password',
      `machine made.test login me password ${'pass'}word`,
    ],
  }),
  defineRule({
    id: 'curl-credentials',
    keywords: ['curl ', 'wget ', 'http '],
    isCommon: true,
    tier: tier.context,
    pattern:
      /(?:curl|wget|http) [^\n|;]{0,80}?(?:(?<=\s)-u\s{0,2}|--user[ =]|--(?:http-)?password[ =])["']?(?:[^\s:'"]{1,40}:)?(?<secret>[^\s'":]{4,60})/dy,
    accepts: isGiven,
    hits: () => [`curl -s -u me:${password} https://made.test`, `wget --password=${password} x`],
    misses: () => ['curl -u me:$PASSWORD https://made.test', 'curl https://made.test'],
  }),
  defineRule({
    id: 'password-option',
    keywords: ['--pass', '-passw'],
    tier: tier.context,
    pattern: /-{1,2}pass(?:word|wd|phrase)?[ =]{1,2}["']?(?<secret>[^\s'"\\-][^\s'"\\]{4,60})/dy,
    accepts: (secret) =>
      isGiven(secret) &&
      /[0-9!#%^&*?~+@]|[a-z][A-Z]|[A-Z][a-z]+[A-Z]/.test(secret) &&
      !/[()[\]]/.test(secret),
    hits: () => [
      `--password ${sample('base62', 12, 3)}`,
      `docker login -u me --password=${password}`,
    ],
    misses: () => [
      '--password string',
      '--password-stdin',
      '--password PASSWORD',
      '--password <password>',
    ],
  }),
  defineRule({
    id: 'command-line-password',
    keywords: ['mysql', 'sshpass ', 'mariadb', 'redis-cli ', 'smbclient '],
    tier: tier.context,
    pattern:
      /(?:(?:mysql|mariadb)(?:dump|admin)?\s[^\n|;]{0,60}?(?<=\s)-p|sshpass\s{1,3}-p\s{0,3}|redis-cli\s[^\n|;]{0,60}?(?<=\s)-a\s{1,3}|smbclient\s[^\n|;]{0,60}?%)["']?(?<secret>[^\s'"]{4,60})/dy,
    accepts: isGiven,
    hits: () => [`mysql -h db -u root -p${password} app`, `sshpass -p '${password}' ssh x`],
    misses: () => ['mysql -u root -p', 'mysql is a database'],
  }),
];
