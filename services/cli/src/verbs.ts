// Every verb of the command line, one line each, in the order in which `--help` lists them.
import type { Verb } from './verb.ts';
import { policyVerb } from './verbs/policy.ts';
import { schemaVerb } from './verbs/schema.ts';

/** The verbs. */
export const verbs: readonly Verb[] = [policyVerb, schemaVerb];
