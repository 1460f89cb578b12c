// Every detector, one line each; a detector is a file in `detectors/`.
import type { Detector } from './detector.ts';
import { dnsExfiltration } from './detectors/dns-exfiltration.ts';
import { driftExecution } from './detectors/drift-execution.ts';
import { egressPolicy } from './detectors/egress-policy.ts';
import { escapePrimitive } from './detectors/escape-primitive.ts';
import { identityClaim } from './detectors/identity-claim.ts';
import { pathTraversal } from './detectors/path-traversal.ts';
import { secretLeak } from './detectors/secret-leak.ts';
import { telemetryGap } from './detectors/telemetry-gap.ts';

/** The built-in detectors, in the order in which their findings come. */
export const detectors: readonly Detector[] = [
  escapePrimitive,
  secretLeak,
  egressPolicy,
  pathTraversal,
  dnsExfiltration,
  driftExecution,
  identityClaim,
  telemetryGap,
];
