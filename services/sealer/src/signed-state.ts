// What the signer must never forget: for each chain the state that it signed last, written before.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ChainState, decodeState, encodeState } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { writeDurableFile } from '@sandtrail/runtime/durable-file';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SignedFile } from '@sandtrail/schemas/seal';

/** A chain's last signature. */
export interface SignedState {
  readonly state: ChainState;
  /** The signed note over that state. */
  readonly note: string;
}

const suffix = '.signed.json';

/**
 * Every signed state in `dir`, by chain id in hexadecimal; the directory is made if need be.
 * @throws SandtrailError `SIGNER_REFUSED` when a file is damaged: without it nothing may be signed
 */
export async function readSignedStates(dir: string): Promise<Map<string, SignedState>> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const signed = new Map<string, SignedState>();
  for (const name of await readdir(dir)) {
    if (!name.endsWith(suffix)) continue;
    const read = parse(await readFile(path.join(dir, name), 'utf8'));
    if (read === undefined || name !== `${hexOf(read.state.chain)}${suffix}`) {
      throw new SandtrailError('SIGNER_REFUSED', { detail: `${path.join(dir, name)} is damaged` });
    }
    signed.set(hexOf(read.state.chain), read);
  }
  return signed;
}

/** Makes the signature durable; only after this may the note be shown to anybody. */
export async function writeSignedState(dir: string, { state, note }: SignedState): Promise<void> {
  const file: SignedFile = { v: 1, state: encodeState(state), note };
  const text = JSON.stringify(file);
  await writeDurableFile({
    path: path.join(dir, `${hexOf(state.chain)}${suffix}`),
    text,
    mode: 0o600,
  });
}

function parse(text: string): SignedState | undefined {
  const file = SignedFile.safeParse(parsedJson(text));
  if (!file.success) return undefined;
  const state = decodeState(file.data.state);
  return typeof state === 'string' ? undefined : { state, note: file.data.note };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
