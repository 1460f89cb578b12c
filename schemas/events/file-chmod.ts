// A file's mode was changed: chmod(2), fchmodat(2).
import { event, Path } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const FileChmod = event(
  'file.chmod',
  { path: Path, mode: Count, errno: Count.optional() },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved'] },
);
