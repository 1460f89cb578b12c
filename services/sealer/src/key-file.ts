// The signer's key: made once, kept in a file for its owner alone, known to others by its public text.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { formatVerifierKey, isKeyName } from '@sandtrail/chain/verifier-key';
import { writeDurableFile } from '@sandtrail/runtime/durable-file';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { TrustFile } from '@sandtrail/schemas/seal';

/** A key that signs notes, and the text by which others verify it. */
export interface SigningKey {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** `name+hash+base64` (C2SP signed-note): what a user pins. */
  readonly verifierKey: string;
}

interface KeyFileOptions {
  readonly path: string;
  /** The key's name in signature lines, such as `sandtrail/node1`. */
  readonly name: string;
}

const privateMode = 0o600;

/**
 * Reads the key, or makes one (Ed25519, PKCS #8 PEM, mode 0600) when the file is not there.
 * @throws SandtrailError `KEY_UNUSABLE` when others may read the file or it holds no Ed25519 key
 */
export async function loadSigningKey({ path, name }: KeyFileOptions): Promise<SigningKey> {
  if (!isKeyName(name)) {
    throw new SandtrailError('KEY_UNUSABLE', { detail: `${name} cannot be the name of a key` });
  }
  try {
    await writeFile(path, newKey(), { flag: 'wx', mode: privateMode, flush: true });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw new SandtrailError('KEY_UNUSABLE', { detail: path, cause: error });
  }
  const privateKey = await readKey(path);
  return { name, privateKey, verifierKey: formatVerifierKey(name, privateKey) };
}

/** Writes the file that a user pins: whose checkpoints are believed. */
export async function writeTrustFile(path: string, keys: readonly string[]): Promise<void> {
  const trust = TrustFile.parse({ v: 1, keys });
  const text = `${JSON.stringify(trust, undefined, 2)}\n`;
  await writeDurableFile({ path, text, mode: 0o644 });
}

function newKey(): string | Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' });
}

async function readKey(path: string): Promise<KeyObject> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new SandtrailError('KEY_UNUSABLE', {
      detail: `${path}: others than its owner may use it`,
    });
  }
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new SandtrailError('KEY_UNUSABLE', { detail: path, cause: error });
  }
  throw new SandtrailError('KEY_UNUSABLE', { detail: `${path} holds no Ed25519 key` });
}
