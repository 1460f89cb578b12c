// Turns: at most so many pieces of work at once, the others in line.

/** Runs work when there is a free place; first come, first served. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** Turns with `placesMax` places. The line is as long as there are callers that wait. */
export function createTurns(placesMax: number): Turns {
  const line: (() => void)[] = [];
  let taken = 0;
  return async (work) => {
    if (taken >= placesMax) await new Promise<void>((resolve) => line.push(resolve));
    else taken += 1;
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next === undefined) taken -= 1;
      else next();
    }
  };
}
