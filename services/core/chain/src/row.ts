// A sealed row, as the store returns it and as a bundle carries it.

/** One position of a chain. `header` and `body` are the exact bytes that the log carried. */
export interface SealedRow {
  readonly pos: bigint;
  /** The record's offset in its log partition. */
  readonly offset: bigint;
  readonly header: Buffer;
  readonly body: Buffer;
  /** The stored link, 32 bytes; undefined once it has expired under a signed root. */
  readonly link: Buffer | undefined;
}
