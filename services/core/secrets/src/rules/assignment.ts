// Assignments such as `password=…`, `api_key: …`, `--token …`, `Authorization: Bearer …`: a secret by its context alone.
import { entropy, isMixed, isMonotonous, isPlaceholder } from '../entropy.ts';
import { defineRule, tier } from '../rule.ts';
import { sample } from '../sample.ts';

const value = `(?<secret>[^\\s"'\`,;<>(){}\\[\\]|\\\\]{6,100})`;
/** The rest of the name, an optional quote, then `=`, `:`, `:=`, `=>` or, for an option, a space. */
const given = `[a-z0-9_-]{0,24}["']?\\s{0,3}(?::=|=>|==?|:)\\s{0,3}["'\`]?`;

const isPath = /^(?:\.{0,2}\/|[A-Za-z]:\\|https?:|file:|urn:|[\w.-]+\/[\w./-]+$)/;
const isCode =
  /^[A-Za-z_$][\w$]*(?:[.?:!]+[\w$]+)+\W*$|^[a-z]+(?:[A-Z][a-z]+)+$|^[\w$]+[=!]=|^[a-z_]+$|^[A-Z_]+$|^\*?[A-Za-z0-9]+(?:_[A-Za-z0-9]+){3,}$/;
const isIdentifier =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|sha\d+[:-].*|v?\d+(?:\.\d+)+.*)$/i;

function isNoSecret(text: string): boolean {
  return isPlaceholder(text) || isPath.test(text) || isCode.test(text) || isIdentifier.test(text);
}

/** What follows `password`: people choose these, so little entropy is asked for. */
function isPassword(text: string): boolean {
  const mixed = isMixed(text) || /[!@#$%^&*?~+=]/.test(text.slice(0, -1));
  return (
    mixed && !isNoSecret(text) && !/^\d+(?:ms|s|m|h|px|kb|mb)?$/i.test(text) && entropy(text) >= 2.2
  );
}

/** What follows `token`, `secret` or `key`: generated, so long and without pattern. */
function isGenerated(text: string): boolean {
  const random = text.length >= 12 && isMixed(text) && entropy(text) >= 3.2;
  const dense =
    /\d.*\d/.test(text) || (text.length >= 20 && /[a-z]/.test(text) && /[A-Z]/.test(text));
  return random && dense && !isNoSecret(text) && !isMonotonous(text);
}

const made = sample('base62', 32);

/** What only its context makes a secret. */
export const rules = [
  defineRule({
    id: 'password-assignment',
    tier: tier.context,
    keywords: ['password', 'passwd', 'passphrase', '_pwd', 'pgpass', 'pwd='],
    isCommon: true,
    pattern: new RegExp(
      `(?:password|passwd|passphrase|_pwd|pgpass|pwd)(?:${given}|\\s{1,3}(?=\\S*\\d))${value}`,
      'diy',
    ),
    accepts: isPassword,
    hits: () => [
      `password=${'hunter'}2xyz`,
      `"db_password": "${'Tr0ub4'}dor&3"`,
      `MYSQL_PASSWORD: ${'s3cr3t'}-Wx9`,
      `password ${sample('base62', 14)}7`,
    ],
    misses: () => [
      'password: string',
      'password = getPassword()',
      'password=$PASSWORD',
      'passwordResetUrl: /reset',
      'const password = process.env.PASSWORD',
      'password = request.body.password',
      'password: ********',
      'The password must have 8 characters',
    ],
  }),
  defineRule({
    id: 'secret-assignment',
    tier: tier.context,
    keywords: [
      'secret',
      'token',
      'api_key',
      'apikey',
      'api-key',
      'access_key',
      'accesskey',
      'access-key',
      'private_key',
      'client_key',
      'auth_key',
      'encryption_key',
      'signing_key',
      'credential',
    ],
    isCommon: true,
    pattern: new RegExp(
      `(?:secret|token|api[_-]?key|access[_-]?key|(?:private|client|auth|encryption|signing)_key|credential)(?:${given}|\\s{1,2}(?=\\S*\\d))${value}`,
      'diy',
    ),
    accepts: isGenerated,
    hits: () => [
      `api_key: ${made}`,
      `"client_secret": "${made}"`,
      `SESSION_TOKEN='${made}'`,
      `--token ${made}`,
    ],
    misses: () => [
      'token: string',
      'secret = config.get("secret")',
      'token = tokens[i]',
      'api_key=YOUR_API_KEY_12345',
      'token: SyntaxKind.EndOfFileToken',
      `tokenId: ${sample('hex', 8)}-1111-4111-8111-${sample('hex', 12)}`,
    ],
  }),
  defineRule({
    id: 'authorization-header',
    tier: tier.context,
    keywords: ['authorization', 'bearer ', 'cookie: '],
    isCommon: true,
    pattern:
      /(?:authorization["']?\s{0,2}[:=]\s{0,2}["']?(?:bearer|basic|token|apikey)\s{1,2}|bearer\s|cookie: [\w.-]{1,40}=)(?<secret>[A-Za-z0-9._~+/=%-]{16,120})/diy,
    runsOn: 'token',
    accepts: isGenerated,
    hits: () => [
      `Authorization: Bearer ${made}`,
      `Authorization: Basic ${Buffer.from(`me:${made}`).toString('base64')}`,
    ],
    misses: () => ['Authorization: Bearer <token>', 'the bearer of these documents'],
  }),
];
