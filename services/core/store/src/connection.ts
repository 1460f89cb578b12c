// The narrow connection beneath the store: statements in ClickHouse SQL, to chDB or to a server.

/** A value that is bound to `{name:Type}` in a statement; it never becomes SQL text. */
export type Parameter = string | number | bigint | boolean;

/** One statement. `settings` are ClickHouse settings that hold for it alone. */
export interface Statement {
  readonly sql: string;
  readonly params?: Readonly<Record<string, Parameter>>;
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal;
}

/** Rows in RowBinary for an `INSERT INTO … SELECT … FROM`. */
export interface RowBinaryInsert {
  /** The statement, given the SQL of the source that yields the rows. */
  readonly sql: (source: string) => string;
  /** Names and types of the source's columns. */
  readonly structure: string;
  readonly rows: Buffer;
}

/**
 * Where statements go. Each method throws a SandtrailError: `STORE_UNAVAILABLE` when it is not known
 * what became of the statement, `STORE_BUSY` at the bound of requests, `STORE_QUERY_REFUSED`,
 * `STORE_QUERY_LIMIT`, `DISK_FULL`, `DATA_DIR_DAMAGED`, else `STORE_FAILED`.
 */
export interface StoreConnection {
  /** Runs a statement that has no result; what it wrote is durable when this resolves. */
  command(statement: Statement): Promise<void>;
  /** The result's bytes in the statement's own FORMAT, at the reader's pace. */
  read(statement: Statement): AsyncIterable<Buffer>;
  /** Inserts rows; they are durable when this resolves, all or none when it does not. */
  insert(insert: RowBinaryInsert): Promise<void>;
  /** Ends requests under way and whatever serves them. */
  close(): Promise<void>;
}

/** A string as an SQL literal. */
export function sqlText(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
