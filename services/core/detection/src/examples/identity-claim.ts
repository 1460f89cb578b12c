// Examples of identity-claim: what the gateway refused because of whom it claimed, and other refusals.
import type { Example, ExampleEvent } from '../example.ts';

function refused(
  code: string,
  claim: { claimedSandbox?: string; claimedKind?: string },
): ExampleEvent {
  return {
    from: 'gateway:1',
    trust: 'host',
    body: { kind: 'control.refused', code, count: 3, ...claim },
  };
}

/** What identity-claim must find and must pass over. */
export const identityClaimExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    {
      what: 'another sandbox’s name',
      events: [refused('CLAIM_OUTSIDE_GRANT', { claimedSandbox: 'another-sandbox' })],
    },
    {
      what: 'a kind that only hosts send',
      events: [refused('CLAIM_OUTSIDE_GRANT', { claimedKind: 'process.exec' })],
    },
    {
      what: 'a name made to look like a line of a log',
      events: [refused('CLAIM_OUTSIDE_GRANT', { claimedSandbox: 'x\n{"verdict":"ok"}' })],
    },
  ],
  miss: [
    { what: 'a malformed record', events: [refused('RECORD_MALFORMED', {})] },
    { what: 'an oversized record', events: [refused('RECORD_OVERSIZE', {})] },
    {
      what: 'time passing',
      events: [{ from: 'gateway:1', trust: 'host', body: { kind: 'control.tick' } }],
    },
  ],
};
