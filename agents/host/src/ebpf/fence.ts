// A fence: a call of our own that the program answers with its counts, on the way of all records.
import { libcFunction } from '@sandtrail/runtime/ffi';
import { fenceOption } from './program.ts';

const prctl = libcFunction(
  'int prctl(int option, uint64_t token, uint64_t a, uint64_t b, uint64_t c)',
);

/** Raises a fence. The kernel knows no such option, so the call fails and changes nothing. */
export function raiseFence(token: bigint): void {
  prctl(fenceOption, token, 0, 0, 0);
}
