// A file got another name: rename(2), renameat(2), renameat2(2).
import { event, Path } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const FileRename = event(
  'file.rename',
  { path: Path, target: Path, errno: Count.optional() },
  { senders: ['host'], freeText: ['path.raw', 'path.resolved', 'target.raw', 'target.resolved'] },
);
