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

/**
 * Like `libcFunction`, for calls that may block: each runs on a worker thread, apart from the
 * event loop, and its errno cannot be read. The call itself must bound how long it blocks.
 */
export function blockingLibcFunction(
  prototype: string,
): (...args: readonly unknown[]) => Promise<number> {
  const call = libc.func(prototype);
  return (...args) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    call.async(...args, (error: unknown, result: unknown) => {
      if (error === null && typeof result === 'number') resolve(result);
      else reject(error instanceof Error ? error : new Error(`${prototype} returns a number`));
    });
    return promise;
  };
}

/** The calling thread's errno after the last call that failed. */
export function errno(): number {
  return koffi.errno();
}
