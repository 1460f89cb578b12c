// The code of an operating-system error, such as ENOENT.

/** `error.code` of an error that Node raised for a failed system call; `undefined` for others. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
