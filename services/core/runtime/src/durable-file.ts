// A small file that is replaced whole: after a crash it holds the old text or the new one.
import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/** What to write where. */
export interface DurableFile {
  readonly path: string;
  readonly text: string;
  /** The new file's mode. */
  readonly mode: number;
}

/** Replaces the file; the new text and its name are on the disk when this resolves. */
export async function writeDurableFile({ path: target, text, mode }: DurableFile): Promise<void> {
  const draft = `${target}.new`;
  const file = await open(draft, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, target);
  const directory = await open(path.dirname(target), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
