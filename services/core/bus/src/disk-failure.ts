// What a failure of SQLite means in the words of the error catalogue.
import { SandtrailError } from '@sandtrail/schemas/errors';

// Primary result codes, https://www.sqlite.org/rescode.html; extended ones keep them in the low byte.
const unknownSchema = 1;
const busy = 5;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;
const extended = { shmSize: 4874, write: 778, fsync: 1034 };

/** True when another process or connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === busy;
}

/** The catalogued error for a failure on the file at `path`; other failures are returned unchanged. */
export function diskFailure(error: unknown, path: string): unknown {
  if (error instanceof SandtrailError) return error;
  switch (primaryCode(error)) {
    case full:
      return new SandtrailError('DISK_FULL', { detail: path, cause: error });
    case ioError:
      // A full disk shows as an I/O error too where SQLite grows its shared memory or its log.
      return Object.values(extended).some((code) => code === resultCode(error))
        ? new SandtrailError('DISK_FULL', { detail: path, cause: error })
        : new SandtrailError('DATA_DIR_DAMAGED', { detail: path, cause: error });
    case unknownSchema:
    case corrupt:
    case notADatabase:
    case cannotOpen:
    case readOnly:
      return new SandtrailError('DATA_DIR_DAMAGED', { detail: path, cause: error });
    default:
      return error;
  }
}

function primaryCode(error: unknown): number | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
