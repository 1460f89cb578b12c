// Secrets come from files that only their readers may open: never from the configuration itself.
import { open } from 'node:fs/promises';
import { SandtrailError } from '@sandtrail/schemas/errors';

const sizeBytesMax = 65_536;
const readableByOthers = 0o004;

/** The file's bytes. @throws SandtrailError `KEY_UNUSABLE`, naming the file and what is wrong */
export async function readSecret(path: string): Promise<Buffer> {
  return readKeyFile(path, readableByOthers);
}

/** The one line of a token's file. @throws SandtrailError `KEY_UNUSABLE` */
export async function readToken(path: string): Promise<string> {
  const token = (await readSecret(path)).toString('utf8').trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new SandtrailError('KEY_UNUSABLE', { detail: `${path}: not one line of printable text` });
}

/** A file that everybody may read, such as a certificate. @throws SandtrailError `KEY_UNUSABLE` */
export async function readPublicFile(path: string): Promise<Buffer> {
  return readKeyFile(path, 0);
}

async function readKeyFile(path: string, modeRefused: number): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & modeRefused) !== 0) throw new Error('others may read it');
      if (size === 0 || size > sizeBytesMax) throw new Error(`it has ${size} bytes`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SandtrailError('KEY_UNUSABLE', { detail: `${path}: ${why}`, cause });
  }
}
