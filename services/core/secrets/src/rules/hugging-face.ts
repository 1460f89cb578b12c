// Hugging Face, Replicate, Groq and other hosts of models.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Tokens of models' hosts. */
export const rules = [
  defineRule({
    id: 'hugging-face-token',
    keywords: ['hf_', 'api_org_'],
    isCommon: true,
    pattern: /(?<![A-Za-z0-9])(?:hf|api_org)_[A-Za-z0-9]{34,40}(?![A-Za-z0-9_])/dy,
    accepts: (token) => isTokenLike(token) && /[A-Z]/.test(token),
    hits: () => [`h${'f_'}${sample('letters', 34)}`],
    misses: () => ['hf_hub_download', `hf_${'x'.repeat(34)}`],
  }),
  defineRule({
    id: 'replicate-token',
    keywords: ['r8_'],
    pattern: /(?<![A-Za-z0-9])r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`r${'8_'}${sample('base62', 37)}`],
    misses: () => ['r8_register'],
  }),
  defineRule({
    id: 'groq-key',
    keywords: ['gsk_'],
    pattern: /(?<![A-Za-z0-9])gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`gs${'k_'}${sample('base62', 52)}`],
    misses: () => ['gsk_settings'],
  }),
  defineRule({
    id: 'perplexity-key',
    keywords: ['pplx-'],
    pattern: /pplx-[A-Za-z0-9]{40,64}(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`ppl${'x-'}${sample('base62', 48)}`],
    misses: () => ['pplx-api'],
  }),
];
