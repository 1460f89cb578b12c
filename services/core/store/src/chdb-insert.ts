// How rows get into chDB: a RowBinary file on the disk, read by an INSERT … SELECT, then deleted.
import { open, rm } from 'node:fs/promises';
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
        await writeDurably(file, rows);
        const source = `file(${sqlText(file)}, 'RowBinary', ${sqlText(structure)})`;
        await statements.command({ sql: sql(source) });
      } finally {
        await rm(file, { force: true });
      }
    },
    close: () => statements.close(),
  };
}

async function writeDurably(file: string, rows: Buffer): Promise<void> {
  try {
    // The engine may run as another user: the directory's mode, not the file's, keeps others out.
    const handle = await open(file, 'w', 0o644);
    try {
      await handle.writeFile(rows);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileFailure(error, file);
  }
}
