// Calls into the C library through koffi: the one place where values cross without a type.
import { strict as assert } from 'node:assert';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

/** Declares a libc function by its C prototype, such as `int setns(int fd, int nstype)`. */
export function libcFunction(prototype: string): (...args: readonly unknown[]) => number {
  const call = libc.func(prototype);
  return (...args) => {
    const result: unknown = call(...args);
    if (typeof result === 'bigint') return Number(result);
    assert(typeof result === 'number', `${prototype} returns a number`);
    return result;
  };
}

/** The calling thread's errno after the last call that failed. */
export function errno(): number {
  return koffi.errno();
}
