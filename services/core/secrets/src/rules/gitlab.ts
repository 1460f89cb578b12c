// GitLab: tokens by prefix (docs.gitlab.com, "Token overview"), plain and routable.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** GitLab's tokens. */
export const rules = [
  defineRule({
    id: 'gitlab-token',
    keywords: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glrtr-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glffct-',
      'glwt-',
    ],
    pattern:
      /gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_-]{20,120}(?:\.[a-z0-9.]{2,20})?/dy,
    accepts: isTokenLike,
    hits: () => [
      `glp${'at-'}${sample('base64url', 20)}`,
      `glr${'t-'}${sample('base64url', 27)}.0w.${sample('lower', 9)}`,
    ],
    misses: () => [`glp${'at-'}${'x'.repeat(20)}`, 'glpat-short'],
  }),
  defineRule({
    id: 'gitlab-runner-registration',
    keywords: ['gr1348941'],
    pattern: /GR1348941[A-Za-z0-9_-]{20,40}/dy,
    accepts: isTokenLike,
    hits: () => [`GR13${'48941'}${sample('base64url', 20)}`],
    misses: () => ['GR1348941'],
  }),
];
