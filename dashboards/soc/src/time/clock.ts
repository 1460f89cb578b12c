// The browser's clock: the only place of the console that reads the time.

/** The time now, in milliseconds since the Unix epoch. */
export function browserNowMs(): number {
  return Date.now();
}
