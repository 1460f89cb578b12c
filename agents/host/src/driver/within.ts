// A bound on waiting for somebody else's answer.

/** The answer, or `undefined` when it does not come within `ms` or is a failure. */
export async function withinMs<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    const answered = answer.then(
      (value) => value,
      () => undefined,
    );
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}
