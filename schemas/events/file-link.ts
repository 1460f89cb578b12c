// A symbolic or hard link was made: `path` is the new name, `target` what it points at.
import * as z from 'zod';
import { event, Path } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const FileLink = event(
  'file.link',
  { path: Path, target: Path, type: z.enum(['symbolic', 'hard']), errno: Count.optional() },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved', 'target.raw', 'target.resolved'] },
);
