// Payment card numbers: issuer's prefix and length (ISO/IEC 7812), Luhn digit, nothing joined to them.
import { hasLuhnDigit } from '../checksum.ts';
import { defineRule, tier } from '../rule.ts';

/** Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro by prefix and length. */
const issuers: readonly RegExp[] = [
  /^4\d{12}(?:\d{3})?(?:\d{3})?$/,
  /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/,
  /^3[47]\d{13}$/,
  /^(?:6011|65\d{2}|64[4-9]\d)\d{12}$/,
  /^3(?:0[0-5]|[68]\d)\d{11}$/,
  /^35(?:2[89]|[3-8]\d)\d{12}$/,
  /^62\d{14,17}$/,
];

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const known = issuers.some((issuer) => issuer.test(digits));
  return known && hasLuhnDigit(digits) && new Set(digits).size > 1;
}

/** Payment card numbers. */
export const rules = [
  defineRule({
    id: 'payment-card',
    class: 'pii',
    tier: tier.other,
    keywords: [],
    digits: true,
    pattern:
      /(?<![\w.+/=-])(?:\d{13,19}|\d{4}(?<four>[ -])\d{4}\k<four>\d{4}\k<four>\d{1,7}|\d{4}(?<six>[ -])\d{6}\k<six>\d{4,5})(?![\w/=-]|\.\d)/dg,
    accepts: isCard,
    hits: () => [
      ['4111', '1111', '1111', '1111'].join(' '),
      `card ${['5500', '0055', '5555', '5559'].join('')}.`,
      ['3782', '822463', '10005'].join('-'),
    ],
    misses: () => [
      ['4111', '1111', '1111', '1112'].join(' '),
      '1700000000000',
      '1700000000000000000',
      '01890f3e-7c1a-7000-8000-4111111111111111',
      `trace=4bf92f3577b34da6a3ce929d0e0e4736`,
      `a${['4111', '1111', '1111', '1111'].join('')}`,
      `1.${['4111', '1111', '1111', '1111'].join('')}`,
    ],
  }),
];
