import { expect, test } from 'vitest';
import { encodeCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { privateKeyOfSeed } from './ed25519.ts';
import { sha256 } from './hash.ts';
import { parseNote } from './note.ts';

const checkpoint = {
  chain: sha256(Buffer.from('chain')),
  size: 20_852_163n,
  root: sha256(Buffer.from('root')),
  link: sha256(Buffer.from('link')),
};
const text = encodeCheckpoint(checkpoint);

test('a checkpoint is read back as it was written', () => {
  expect(parseCheckpoint(text)).toEqual(checkpoint);
});

test('a signed checkpoint is a note whose text is the checkpoint', () => {
  const note = parseNote(
    signCheckpoint(checkpoint, { name: 'signer', privateKey: privateKeyOfSeed(Buffer.alloc(32)) }),
  );
  expect(note).toMatchObject({ text });
});

test('further extension lines are passed over', () => {
  expect(parseCheckpoint(`${text}later 1\n`)).toEqual(checkpoint);
});

test.each([
  ['a foreign origin', text.replace('sandtrail/', 'example.com/')],
  ['a size with a leading zero', text.replace('\n2', '\n02')],
  ['a negative size', text.replace('\n2', '\n-2')],
  ['a size beyond what a tree can hold', text.replace('20852163', '9007199254740993')],
  ['no link', text.replace(/link .*\n/, '')],
  ['a short root', text.replace(/\n[^\n]{43}=\n/, '\nAAAA\n')],
  ['an empty extension line', `${text}\n`],
  ['nothing', ''],
])('a checkpoint with %s is refused in words', (_what, bad) => {
  expect(parseCheckpoint(bad)).toBeTypeOf('string');
});
