// A file was opened, or could not be: open(2), openat(2), openat2(2), creat(2).
import * as z from 'zod';
import { event, Path } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const FileOpen = event(
  'file.open',
  {
    path: Path,
    access: z.enum(['read', 'write', 'read_write']),
    create: z.boolean(),
    flags: Count,
    errno: Count.optional(),
  },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved'] },
);
