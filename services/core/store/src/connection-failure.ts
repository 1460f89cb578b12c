// What a failure of ClickHouse means in the words of the error catalogue.
import { ClickHouseError } from '@clickhouse/client';
import { type ErrorCode, SandtrailError } from '@sandtrail/schemas/errors';

const detailCharsMax = 500;

// ClickHouse's ErrorCodes.cpp; those that a well-formed statement can meet.
const codes: Readonly<Record<string, ErrorCode>> = {
  '33': 'DATA_DIR_DAMAGED', // CANNOT_READ_ALL_DATA
  '40': 'DATA_DIR_DAMAGED', // CHECKSUM_DOESNT_MATCH
  '76': 'STORE_FAILED', // CANNOT_OPEN_FILE
  '79': 'DATA_DIR_DAMAGED', // INCORRECT_FILE_NAME
  '107': 'DATA_DIR_DAMAGED', // FILE_DOESNT_EXIST
  '117': 'DATA_DIR_DAMAGED', // INCORRECT_DATA
  '158': 'STORE_QUERY_LIMIT', // TOO_MANY_ROWS
  '159': 'STORE_QUERY_LIMIT', // TIMEOUT_EXCEEDED
  '202': 'STORE_BUSY', // TOO_MANY_SIMULTANEOUS_QUERIES
  '226': 'DATA_DIR_DAMAGED', // NO_FILE_IN_DATA_PART
  '231': 'DATA_DIR_DAMAGED', // TOO_MANY_UNEXPECTED_DATA_PARTS
  '228': 'DATA_DIR_DAMAGED', // BAD_SIZE_OF_FILE_IN_DATA_PART
  '241': 'STORE_QUERY_LIMIT', // MEMORY_LIMIT_EXCEEDED
  '243': 'DISK_FULL', // NOT_ENOUGH_SPACE
  '246': 'DATA_DIR_DAMAGED', // CORRUPTED_DATA
  '271': 'DATA_DIR_DAMAGED', // CANNOT_DECOMPRESS
  '307': 'STORE_QUERY_LIMIT', // TOO_MANY_BYTES
  '396': 'STORE_QUERY_LIMIT', // TOO_MANY_ROWS_OR_BYTES
  '740': 'DATA_DIR_DAMAGED', // POTENTIALLY_BROKEN_DATA_PART
};

/** Codes of statements that are wrong in themselves: the analyst mends them, not the operator. */
const refused =
  /SYNTAX|UNKNOWN_|READONLY|TYPE_MISMATCH|NO_COMMON_TYPE|ILLEGAL_|BAD_|NOT_IMPLEMENTED|NUMBER_OF_ARGUMENTS|AMBIGUOUS|NOT_AN_AGGREGATE|CANNOT_PARSE|NOT_ALLOWED|ACCESS_DENIED|FUNCTION_THROW|ARGUMENT_OUT_OF_BOUND/;

/** The catalogued error for whatever a statement threw. */
export function connectionFailure(error: unknown): SandtrailError {
  if (error instanceof SandtrailError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const detail = message.slice(0, detailCharsMax);
  if (!(error instanceof ClickHouseError)) {
    return new SandtrailError('STORE_UNAVAILABLE', { detail, cause: error });
  }
  return new SandtrailError(codeOf(error), { detail, cause: error });
}

/** The catalogued error for a file of the store that could not be written. */
export function fileFailure(error: unknown, file: string): SandtrailError {
  if (error instanceof SandtrailError) return error;
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  const code = isFull ? 'DISK_FULL' : 'DATA_DIR_UNUSABLE';
  return new SandtrailError(code, { detail: file, cause: error });
}

/** The catalogued error for chDB's own text about a data directory that it did not open. */
export function openFailure(message: string): SandtrailError {
  const detail = message.slice(0, detailCharsMax);
  if (/Cannot lock file/.test(message)) return new SandtrailError('DATA_DIR_IN_USE', { detail });
  if (/No space left|NOT_ENOUGH_SPACE/.test(message))
    return new SandtrailError('DISK_FULL', { detail });
  if (/Permission denied|Read-only file system|EACCES/.test(message))
    return new SandtrailError('DATA_DIR_UNUSABLE', { detail });
  if (/DB::Exception|DB::Error|metadata/.test(message))
    return new SandtrailError('DATA_DIR_DAMAGED', { detail });
  return new SandtrailError('STORE_FAILED', { detail });
}

function codeOf(error: ClickHouseError): ErrorCode {
  if (/No space left on device/.test(error.message)) return 'DISK_FULL';
  const code = codes[error.code];
  if (code !== undefined) return code;
  return refused.test(error.type ?? '') ? 'STORE_QUERY_REFUSED' : 'STORE_FAILED';
}
