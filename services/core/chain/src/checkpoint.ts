// Checkpoints (C2SP tlog-checkpoint): one chain's size, root and link head, as a note's text.
import { decodeBase64 } from './ed25519.ts';
import { bytesOf, type Hash, hashOfBytes, hashOfHex, hexOf } from './hash.ts';
import { type NoteSigner, signNote } from './note.ts';

/** A chain's head at a size. */
export interface Checkpoint {
  /** The chain id. */
  readonly chain: Hash;
  /** Number of leaves. */
  readonly size: bigint;
  /** RFC 6962 root over them. */
  readonly root: Hash;
  /** The link of the last of them. */
  readonly link: Hash;
}

const originPrefix = 'sandtrail/';
const linkPrefix = 'link ';
const sizeMax = 2n ** 53n;

/**
 * The note text, four lines: `sandtrail/<chain hex>`, the size in decimal, the root in base64, and
 * the extension line `link <base64>`. The link lets a reader follow the chain on without the tree.
 */
export function encodeCheckpoint({ chain, size, root, link }: Checkpoint): string {
  const lines = [
    `${originPrefix}${hexOf(chain)}`,
    size.toString(),
    bytesOf(root).toString('base64'),
    `${linkPrefix}${bytesOf(link).toString('base64')}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Reads a note text as a checkpoint of a chain, or says in words why it is none. */
export function parseCheckpoint(text: string): Checkpoint | string {
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n').slice(0, -1);
  const chain = /^sandtrail\/([0-9a-f]{64})$/.exec(origin)?.[1];
  if (chain === undefined) return 'the origin is not sandtrail/<chain>';
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size) || BigInt(size) > sizeMax)
    return 'the size is not a decimal number of leaves';
  const rootHash = hashOfBase64(root);
  if (rootHash === undefined) return 'the root is not 32 bytes in base64';
  if (extensions.includes('')) return 'an extension line is empty';
  const linkLine = extensions.find((line) => line.startsWith(linkPrefix));
  const link = hashOfBase64(linkLine?.slice(linkPrefix.length) ?? '');
  if (link === undefined) return 'the line `link <base64>` is missing or malformed';
  return { chain: hashOfHex(chain), size: BigInt(size), root: rootHash, link };
}

/** Signs a checkpoint: the note that is sealed, kept outside and shown to witnesses. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  return signNote(encodeCheckpoint(checkpoint), signer);
}

function hashOfBase64(text: string): Hash | undefined {
  const bytes = decodeBase64(text);
  return bytes === undefined ? undefined : hashOfBytes(bytes);
}
