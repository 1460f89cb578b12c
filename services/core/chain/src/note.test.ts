import fc from 'fast-check';
import { expect, test } from 'vitest';
import { privateKeyOfSeed } from './ed25519.ts';
import { noteSizeMax, parseNote, signNote, verifyNote } from './note.ts';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from './verifier-key.ts';

const privateKey = privateKeyOfSeed(Buffer.alloc(32, 7));
const name = 'sandtrail.example/signer';
const text = 'origin\n3\nsome root\n';
const note = signNote(text, { name, privateKey });

test('a note signed by another implementation verifies', () => {
  // Key, text and signature as published with other implementations of C2SP signed-note.
  const key = keyOf('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
  const foreign =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
  expect(judge(foreign, [key])).toMatchObject({
    code: 'verified',
    text: 'This is an example message.\n',
  });
  expect(judge(foreign.replace('an example', 'no example'), [key]).code).toBe('bad_signature');
});

test('what was signed verifies under the verifier key that was pinned', () => {
  const key = keyOf(formatVerifierKey(name, privateKey));
  expect(judge(note, [key])).toMatchObject({ code: 'verified', text, by: { name } });
});

test('lines of unknown keys are passed over, wherever they stand', () => {
  const other = signNote(text, {
    name: 'other',
    privateKey: privateKeyOfSeed(Buffer.alloc(32, 8)),
  });
  const key = keyOf(formatVerifierKey(name, privateKey));
  const extra = other.slice(other.lastIndexOf('—'));
  expect(judge(note + extra, [key]).code).toBe('verified');
  expect(judge(note.replace('\n— ', `\n${extra}— `), [key]).code).toBe('verified');
});

test('a note that no pinned key signed is of an unknown key', () => {
  const other = formatVerifierKey(name, privateKeyOfSeed(Buffer.alloc(32, 9)));
  expect(judge(note, [keyOf(other)]).code).toBe('unknown_key');
  expect(judge(note, []).code).toBe('unknown_key');
});

test('one failing line of a known key refuses a note that another known key signed', () => {
  const forged = signNote('forged\n', { name, privateKey });
  const line = forged.slice(forged.lastIndexOf('—'));
  const key = keyOf(formatVerifierKey(name, privateKey));
  expect(judge(note + line, [key]).code).toBe('bad_signature');
});

test.each([
  ['no signature lines', 'only text\n'],
  ['a line without a dash', `${text}\n- ${name} AAAAAAAA\n`],
  ['base64 that is not canonical', note.replace(/=\n$/, '\n')],
  ['a signature shorter than a key id', `${text}\n— ${name} AAAA\n`],
  ['a carriage return', note.replaceAll('\n', '\r\n')],
  ['a NUL', note.replace('origin', 'ori\0gin')],
  ['a lone surrogate', note.replace('origin', 'ori\ud800gin')],
  ['no newline at the end', note.slice(0, -1)],
  ['an endless text', `${'a'.repeat(noteSizeMax)}${note}`],
  ['a flood of signatures', note + note.slice(note.lastIndexOf('—')).repeat(100)],
])('a note with %s is refused in words', (_what, bad) => {
  expect(parseNote(bad)).toBeTypeOf('string');
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(note.length), (noise, at) => {
      parseNote(noise);
      parseNote(note.slice(0, at) + noise + note.slice(at));
      parseVerifierKey(noise);
    }),
  );
});

test('a text that is no note text is not signed', () => {
  expect(() => signNote('no newline', { name, privateKey })).toThrow(TypeError);
  expect(() => signNote(text, { name: 'a b', privateKey })).toThrow(TypeError);
});

test.each([
  [
    'another algorithm',
    `a+00000000+${Buffer.of(2, ...Buffer.alloc(32)).toString('base64')}`,
    'alg_refused',
  ],
  [
    'a hash of another key',
    formatVerifierKey(name, privateKey).replace(/\+[0-9a-f]{8}/, '+00000000'),
    'malformed',
  ],
  ['a short key', 'a+00000000+AQID', 'malformed'],
  ['no plus', 'a', 'malformed'],
])('a verifier key with %s is refused', (_what, bad, code) => {
  expect(parseVerifierKey(bad)).toMatchObject({ code });
});

function keyOf(key: string): VerifierKey {
  const parsed = parseVerifierKey(key);
  if ('code' in parsed) throw new Error(parsed.detail);
  return parsed;
}

function judge(signed: string, keys: readonly VerifierKey[]) {
  const parsed = parseNote(signed);
  if (typeof parsed === 'string') throw new Error(parsed);
  return verifyNote(parsed, keys);
}
