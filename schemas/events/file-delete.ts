// A name was removed: unlink(2), unlinkat(2), rmdir(2).
import { event, Path } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const FileDelete = event(
  'file.delete',
  { path: Path, errno: Count.optional() },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved'] },
);
