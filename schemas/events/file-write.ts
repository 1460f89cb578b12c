// A workspace file was closed after writing and scanned; `text` is its redacted beginning.
import { event, Path } from '../src/body.ts';
import { Count, Sha256Hex, text } from '../src/scalars.ts';

export const FileWrite = event(
  'file.write',
  {
    path: Path,
    sizeBytes: Count,
    sha256: Sha256Hex.optional(),
    /** How many bytes the scanner saw; fewer than `sizeBytes` means the rest was not scanned. */
    scannedBytes: Count,
    text: text(8192).optional(),
  },
  { senders: ['host'], freeText: ['text', 'path.raw', 'path.resolved'] },
);
