// The port through which the kit hands records on: to the gateway over HTTP/2, or in process.

/** One record as the kit made it: exact body bytes, and the erasable part (empty so far). */
export interface OutgoingRecord {
  readonly body: Buffer;
  readonly erasable: Buffer;
}

/** A record that the receiver will never take, with the error code that says why. */
export interface RefusedRecord {
  readonly index: number;
  readonly code: string;
  readonly detail: string;
}

/** Hands batches on. */
export interface Shipper {
  /**
   * Resolves when every record that is not listed as refused is durable in the log. Rejects when it
   * is not known what became of the batch: the kit sends the same bytes again (a retransmission).
   */
  ship(records: readonly OutgoingRecord[], signal: AbortSignal): Promise<readonly RefusedRecord[]>;
  close(): Promise<void>;
}
