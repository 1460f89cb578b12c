// A security-relevant system call that has no kind of its own: ptrace, mount, setns, bpf, memfd_create …
import * as z from 'zod';
import { event, Path } from '../src/body.ts';
import { Int64, text } from '../src/scalars.ts';

export const Syscall = event(
  'syscall',
  {
    name: z.string().regex(/^[a-z0-9_]{1,32}$/),
    args: z.array(z.strictObject({ name: text(32), value: text(256) })).max(8),
    path: Path.optional(),
    /** What the call returned; negative values are −errno. */
    result: Int64.optional(),
  },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved', 'args.*.value'] },
);
