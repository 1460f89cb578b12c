// Detects a sender that claims to be another sandbox, or to send what it may not.
import * as z from 'zod';
import { type Detection, defineDetector } from '../detector.ts';
import { identityClaimExamples } from '../examples/identity-claim.ts';
import { quote } from '../quote.ts';

const Config = z.strictObject({
  /** The same claim again within this time is one finding. */
  repeatMs: z.int().min(0).default(600_000),
});

/** Claims outside the sender's grant, as the gateway refused them (T1036, OWASP Agentic T9). */
export const identityClaim = defineDetector({
  name: 'identity-claim',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1036' },
    { framework: 'owasp-agentic', id: 'T9' },
  ],
  kinds: ['control.refused'],
  scope: 'single',
  config: Config,
  start: (config) => ({
    step({ act }, _sandbox, emit) {
      if (act.kind !== 'control.refused') return;
      const { claimedSandbox, claimedKind, count } = act;
      if (claimedSandbox === undefined && claimedKind === undefined) return;
      emit({ ...describe({ claimedSandbox, claimedKind, count }), windowMs: config.repeatMs });
    },
  }),
  examples: identityClaimExamples,
});

function describe(claim: {
  readonly claimedSandbox: string | undefined;
  readonly claimedKind: string | undefined;
  readonly count: number;
}): Omit<Detection, 'windowMs'> {
  const { claimedSandbox, claimedKind, count } = claim;
  const who = claimedSandbox === undefined ? '' : ` in the name of ${quote(claimedSandbox)}`;
  const what = claimedKind === undefined ? '' : ` of kind ${quote(claimedKind)}`;
  return {
    title:
      claimedSandbox === undefined ? 'Kind outside the grant' : 'Another sandbox’s name claimed',
    explanation: `A sender of this sandbox sent ${count} records${what}${who}, outside its grant; all were refused.`,
    severity: claimedSandbox === undefined ? 'medium' : 'high',
    confidence: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `${claimedSandbox ?? ''}:${claimedKind ?? ''}`,
  };
}
