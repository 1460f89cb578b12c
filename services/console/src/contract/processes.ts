// The processes of a sandbox: who started whom, how it ended, and what each did.
import { Count, Severity, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Family } from './family.ts';
import { Digits, Ns, SealPlace } from './scalars.ts';

/** A process: pid and start time together. Texts are hostile. */
export const SandboxProcess = z.strictObject({
  pid: Count,
  startNs: Digits,
  /** The parent among these processes; null for roots. */
  parent: z.strictObject({ pid: Count, startNs: Digits }).nullable(),
  /** Why there is no parent here: it is the first, it was there before, or it was not seen. */
  orphan: z.enum(['no', 'root', 'before_start', 'not_seen']),
  uid: Count.nullable(),
  /** As called and as resolved; null when it only forked and never executed. */
  exe: z.strictObject({ raw: text(4096), resolved: text(4096).nullable() }).nullable(),
  argv: z.array(text(4096)),
  argvOmitted: Count,
  cwd: text(4096).nullable(),
  origin: text(32).nullable(),
  firstAtNs: Ns,
  /** When it ended; null while it lives or when its end was not seen. */
  exitAtNs: Ns.nullable(),
  exitCode: Count.nullable(),
  exitSignal: Count.nullable(),
  /** Programs that it executed one after the other; `exe` and `argv` are the last one's. */
  execs: Count,
  events: z.partialRecord(Family, Count),
  findings: z.partialRecord(Severity, Count),
  /** Its last execution, or its fork; null when neither was seen. */
  at: SealPlace.nullable(),
});
export type SandboxProcess = z.infer<typeof SandboxProcess>;

/** In order of first sight. `shown` of `total`: more than the bound are not sent, and this says so. */
export const ProcessList = z.strictObject({
  processes: z.array(SandboxProcess),
  shown: Count,
  total: Count,
  /** False when no collector here sees processes: an empty list then means nothing. */
  isWatched: z.boolean(),
});
export type ProcessList = z.infer<typeof ProcessList>;
