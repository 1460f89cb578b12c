// The rows of the live view: the newest up to a bound, and how many had to leave.

/** What is held, oldest first, and how many older ones left. */
export interface Ring<T> {
  readonly rows: readonly T[];
  readonly left: number;
}

/** A ring that holds nothing yet. */
export const emptyRing: Ring<never> = { rows: [], left: 0 };

/** The ring with `added` at its end; above `rowsMax` the oldest leave and are counted. */
export function ringWith<T>(
  ring: Ring<T>,
  added: readonly T[],
  { rowsMax }: { readonly rowsMax: number },
): Ring<T> {
  const all = ring.rows.concat(added);
  const over = Math.max(0, all.length - rowsMax);
  return { rows: over === 0 ? all : all.slice(over), left: ring.left + over };
}
