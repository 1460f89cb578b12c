// E-mail addresses, telephone and US social security numbers; the numbers only beside words that name them.
import { defineRule, tier } from '../rule.ts';

const publicMail =
  /@(?:[\w.-]+\.)?(?:example|test|invalid|localhost|local)(?:\.(?:com|org|net))?$|^git@|^(?:no-?reply|support|info|security)@|@users\.noreply\.|\.(?:png|jpe?g|gif|svg|webp|js|mjs|ts|css|json|md|py|rs|go|c|h|so|service|socket|timer|mount|target|slice)$/i;

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  const spread = new Set(digits).size > 3 && digits.length >= 9 && digits.length <= 15;
  return spread && (text.startsWith('+') || /[ ().-]/.test(text) || digits.length <= 11);
}

const mail = (domain: string) => ['jane.doe', domain].join('@');

/** Addresses and numbers of persons. */
export const rules = [
  defineRule({
    id: 'email',
    class: 'pii',
    tier: tier.other,
    keywords: ['@'],
    isCommon: true,
    pattern:
      /(?<=(?<![A-Za-z0-9._%+-])(?<lead>[A-Za-z0-9][A-Za-z0-9._%+-]{0,62}))@(?:[A-Za-z0-9-]{1,40}\.){1,4}[A-Za-z]{2,12}(?![\w@:/-])/dy,
    accepts: (address) => !publicMail.test(address),
    hits: () => [mail('made-up.org'), `From: Jane <${mail('post.made-up.co.uk')}>`],
    misses: () => [
      mail('example.com'),
      'git@github.com:a/b',
      'npm i left@1.2.3',
      'logo@2x.png',
      '@types/node@24',
    ],
  }),
  defineRule({
    id: 'us-social-security-number',
    class: 'pii',
    tier: tier.other,
    keywords: ['ssn', 'social security', 'social_security', 'socialsecurity'],
    pattern:
      /(?:ssn|social[ _]?security)[A-Za-z _"':#=.]{0,30}(?<![\d-])(?<secret>(?!000|666|9)\d{3}(?<dash>[- ]?)(?!00)\d{2}\k<dash>(?!0000)\d{4})(?![\d-])/diy,
    hits: () => [
      `SSN: ${['536', '22', '8726'].join('-')}`,
      `"ssn":"${['536', '22', '8726'].join('')}"`,
    ],
    misses: () => [['536', '22', '8726'].join('-'), `ssn ${['000', '22', '8726'].join('-')}`],
  }),
  defineRule({
    id: 'telephone-number',
    class: 'pii',
    tier: tier.other,
    keywords: ['phone', 'mobile', 'telefon', 'tel:', 'tel.', 'whatsapp', 'call me'],
    isCommon: true,
    pattern:
      /(?:phone|mobile|telefon|tel[:.]|whatsapp|call me)[A-Za-z _"':#=]{0,16}(?<![\d.-])(?<secret>\+?\(?\d[\d ().-]{7,18}\d)(?![\w.-])/diy,
    accepts: isPhone,
    hits: () => [
      `Phone: ${['+1', '415', '555', '2671'].join(' ')}`,
      `tel:${['+49', '30', '901820'].join('')}`,
    ],
    misses: () => [['+1', '415', '555', '2671'].join(' '), 'phone: 1111111111', 'mobile-1.2.3.4'],
  }),
];
