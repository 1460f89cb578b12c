// Every verb of the command line, one line each, in the order in which `--help` lists them.
import type { Verb } from './verb.ts';

/** The verbs by name. Each is loaded when it is called: a hook waits for none of the others. */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  up: async () => (await import('./verbs/up.ts')).upVerb,
  console: async () => (await import('./verbs/console.ts')).consoleVerb,
  run: async () => (await import('./verbs/run.ts')).runVerb,
  watch: async () => (await import('./verbs/watch.ts')).watchVerb,
  tail: async () => (await import('./verbs/tail.ts')).tailVerb,
  query: async () => (await import('./verbs/query.ts')).queryVerb,
  quarantine: async () => (await import('./verbs/quarantine.ts')).quarantineVerb,
  approve: async () => (await import('./verbs/approve.ts')).approveVerb,
  release: async () => (await import('./verbs/release.ts')).releaseVerb,
  verify: async () => (await import('./verbs/verify.ts')).verifyVerb,
  export: async () => (await import('./verbs/export.ts')).exportVerb,
  forward: async () => (await import('./verbs/forward.ts')).forwardVerb,
  detect: async () => (await import('./verbs/detect.ts')).detectVerb,
  scan: async () => (await import('./verbs/scan.ts')).scanVerb,
  ingest: async () => (await import('./verbs/ingest.ts')).ingestVerb,
  hook: async () => (await import('./verbs/hook.ts')).hookVerb,
  policy: async () => (await import('./verbs/policy.ts')).policyVerb,
  schema: async () => (await import('./verbs/schema.ts')).schemaVerb,
  doctor: async () => (await import('./verbs/doctor.ts')).doctorVerb,
};
