import { expect, test } from 'vitest';
import { signContainment, verifyContainment } from './containment-signature.ts';
import { privateKeyOfSeed, publicKeyOf, rawPublicKey } from './ed25519.ts';

const privateKey = privateKeyOfSeed(Buffer.alloc(32, 2));
const other = publicKeyOf(rawPublicKey(privateKeyOfSeed(Buffer.alloc(32, 3))));
const publicKey = publicKeyOf(rawPublicKey(privateKey));
if (publicKey === undefined || other === undefined) throw new Error('both keys are keys');
const signed = signContainment('{"v":1,"level":"L2"}', privateKey);

test('a request verifies under the key that signed it and under no other', () => {
  expect(verifyContainment(signed, publicKey)).toBe(true);
  expect(verifyContainment(signed, other)).toBe(false);
});

test('a request with another level, another key id or a damaged signature is refused', () => {
  const request = '{"v":1,"level":"L6"}';
  expect(verifyContainment({ ...signed, request }, publicKey)).toBe(false);
  expect(verifyContainment({ ...signed, keyId: '0'.repeat(16) }, publicKey)).toBe(false);
  expect(verifyContainment({ ...signed, signature: 'AA==' }, publicKey)).toBe(false);
});
