// What tests need and is slow to get: fetched once for all into the user's cache, whole or not at all.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const fetchMsMax = 600_000;

interface Cached {
  /** Name and version: another version is another folder. */
  readonly name: string;
  /** The command that fills a folder. */
  readonly fill: (folder: string) => readonly [string, ...(readonly string[])];
  /** `XDG_CACHE_HOME` of the environment. */
  readonly cacheHome: string | undefined;
}

/** The folder of `name`, filled now where it is not there yet. */
export async function cached({ name, fill, cacheHome }: Cached): Promise<string> {
  const home = path.join(cacheHome ?? path.join(homedir(), '.cache'), 'sandtrail');
  const folder = path.join(home, name);
  if (existsSync(folder)) return folder;
  mkdirSync(home, { recursive: true });
  const draft = mkdtempSync(path.join(home, 'draft-'));
  try {
    const [command, ...words] = fill(draft);
    await run(command, words, { timeout: fetchMsMax });
    moveInto(folder, draft);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Two test files may fetch at once: whoever was first was as good. */
function moveInto(folder: string, draft: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
