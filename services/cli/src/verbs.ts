// Every verb of the command line, one line each, in the order in which `--help` lists them.
import type { Verb } from './verb.ts';
import { approveVerb } from './verbs/approve.ts';
import { consoleVerb } from './verbs/console.ts';
import { detectVerb } from './verbs/detect.ts';
import { doctorVerb } from './verbs/doctor.ts';
import { exportVerb } from './verbs/export.ts';
import { forwardVerb } from './verbs/forward.ts';
import { hookVerb } from './verbs/hook.ts';
import { ingestVerb } from './verbs/ingest.ts';
import { policyVerb } from './verbs/policy.ts';
import { quarantineVerb } from './verbs/quarantine.ts';
import { queryVerb } from './verbs/query.ts';
import { releaseVerb } from './verbs/release.ts';
import { runVerb } from './verbs/run.ts';
import { scanVerb } from './verbs/scan.ts';
import { schemaVerb } from './verbs/schema.ts';
import { tailVerb } from './verbs/tail.ts';
import { upVerb } from './verbs/up.ts';
import { verifyVerb } from './verbs/verify.ts';
import { watchVerb } from './verbs/watch.ts';

/** The verbs. */
export const verbs: readonly Verb[] = [
  upVerb,
  consoleVerb,
  runVerb,
  watchVerb,
  tailVerb,
  queryVerb,
  quarantineVerb,
  approveVerb,
  releaseVerb,
  verifyVerb,
  exportVerb,
  forwardVerb,
  detectVerb,
  scanVerb,
  ingestVerb,
  hookVerb,
  policyVerb,
  schemaVerb,
  doctorVerb,
];
