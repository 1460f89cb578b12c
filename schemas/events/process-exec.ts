// A program was executed, or an attempt failed: execve(2), execveat(2).
import * as z from 'zod';
import { event, Path } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const ProcessExec = event(
  'process.exec',
  {
    exe: Path,
    argv: z.array(text(4096)).max(64),
    argvOmitted: Count.optional(),
    cwd: text(4096).optional(),
    /** Where the executed bytes live: `memory` is a memfd, `deleted` an unlinked file. */
    origin: z.enum(['image', 'workspace', 'temporary', 'memory', 'deleted', 'unknown']).optional(),
    errno: Count.optional(),
  },
  { senders: ['host'], freeText: ['argv', 'exe.raw', 'exe.resolved', 'cwd'] },
);
