// How rows get into chDB: a RowBinary file on the disk, read by an INSERT … SELECT, then deleted.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type RowBinaryInsert, type StoreConnection, sqlText } from './connection.ts';
import { fileFailure } from './connection-failure.ts';
import type { HttpStatements } from './connection-http.ts';

/** A connection to chDB's process, with `blockDir` for rows on their way. */
export function chdbConnection(statements: HttpStatements, blockDir: string): StoreConnection {
  let count = 0;
  return {
    command: (statement) => statements.command(statement),
    read: (statement) => statements.read(statement),
    async insert({ sql, structure, rows }: RowBinaryInsert) {
      count += 1;
      const file = path.join(blockDir, `${count}.rows`);
      try {
        await writeBlock(file, rows);
        const source = `file(${sqlText(file)}, 'RowBinary', ${sqlText(structure)})`;
        await statements.command({ sql: sql(source) });
      } finally {
        await rm(file, { force: true });
      }
    },
    close: () => statements.close(),
  };
}

/**
 * Not synced: the file is never read after a crash. The log holds the same records durably, and the
 * engine syncs what it inserted before it answers.
 */
async function writeBlock(file: string, rows: Buffer): Promise<void> {
  try {
    // The engine may run as another user: the directory's mode, not the file's, keeps others out.
    await writeFile(file, rows, { mode: 0o644 });
  } catch (error) {
    throw fileFailure(error, file);
  }
}
