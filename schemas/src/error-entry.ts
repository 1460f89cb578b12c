// What the catalogue says of one error.

/** What went wrong, what to do about it, and how a command ends with it. */
export interface ErrorEntry {
  readonly message: string;
  readonly remedy: string;
  /** Exit code of a command that ends with this error (sysexits(3) where one fits). */
  readonly exit: number;
}
