// Datadog, New Relic, Grafana, Sentry, Dynatrace: keys of monitoring services.
import { entropy, isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

/** Keys of monitoring services. */
export const rules = [
  defineRule({
    id: 'datadog-key',
    keywords: ['datadog', 'dd_api', 'dd-api', 'dd_app', 'dd-app', 'ddapp_'],
    pattern:
      /(?:ddapp_(?<key>[A-Za-z0-9]{34})|(?:datadog|dd[_-]ap[ip])[\w "'.-]{0,40}[:=]\s{0,3}["']?(?<secret>[0-9a-f]{40}|[0-9a-f]{32}))(?![0-9A-Za-z])/diy,
    accepts: (key) => entropy(key) >= 3,
    hits: () => [`DD_API_KEY=${sample('hex', 32)}`, `DD-APPLICATION-KEY: ${sample('hex', 40)}`],
    misses: () => [sample('hex', 32), 'datadog_site=datadoghq.eu'],
  }),
  defineRule({
    id: 'new-relic-key',
    keywords: ['nrak-', 'nrjs-', 'nrii-', 'nriq-', 'nrra-', 'ffffnral'],
    pattern:
      /(?:NRAK-[A-Z0-9]{27}|NRJS-[0-9a-f]{19}|NRI[IQ]-[A-Za-z0-9_-]{32}|NRRA-[0-9a-f]{42}|(?<=(?<lead>[0-9a-f]{32}))FFFFNRAL)(?![A-Za-z0-9])/dy,
    accepts: isTokenLike,
    hits: () => [`NRA${'K-'}${sample('upper', 27)}`, `${sample('hex', 32)}FFFF${'NRAL'}`],
    misses: () => ['NRAK-KEY'],
  }),
  defineRule({
    id: 'grafana-token',
    keywords: ['glsa_', 'glc_ey'],
    pattern: /(?:glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_ey[A-Za-z0-9+/]{30,140}={0,2})/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [
      `gls${'a_'}${sample('base62', 32)}_${sample('hex', 8)}`,
      `glc${'_ey'}J${sample('base62', 80)}`,
    ],
    misses: () => ['glsa_token'],
  }),
  defineRule({
    id: 'sentry-token',
    keywords: ['sntrys_', 'sntryu_', 'sntrya_'],
    pattern: /sntry[asu]_[A-Za-z0-9+/=_-]{40,140}/dy,
    runsOn: 'token',
    accepts: isTokenLike,
    hits: () => [`sntry${'u_'}${sample('hex', 64)}`],
    misses: () => ['sntryu_token'],
  }),
  defineRule({
    id: 'dynatrace-token',
    keywords: ['dt0c01.', 'dt0s16.', 'dt0s02.'],
    pattern: /dt0[cs](?:01|16|02)\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}/dy,
    accepts: isTokenLike,
    hits: () => [`dt0${'c01.'}${sample('upper', 24)}.${sample('upper', 64)}`],
    misses: () => ['dt0c01.ID.SECRET'],
  }),
];
