import { expect, test } from 'vitest';
import { privateKeyOfSeed, publicKeyOf, rawPublicKey } from './ed25519.ts';
import { heartbeatText, signHeartbeat, verifyHeartbeat } from './heartbeat.ts';

const privateKey = privateKeyOfSeed(Buffer.alloc(32, 1));
const publicKey = publicKeyOf(rawPublicKey(privateKey));
const attestation = {
  stream: 'ebpf:node:1:sandbox-1:0',
  upToSeq: '41',
  runHash: 'ab'.repeat(32),
  seen: '44',
  dropped: '2',
};

test('the signed text is the documented one', () => {
  expect(heartbeatText(attestation)).toBe(
    `sandtrail-heartbeat-v1\nebpf:node:1:sandbox-1:0\n41\n${'ab'.repeat(32)}\n44\n2\n`,
  );
});

test('a heartbeat verifies under its key, and under no change of any field', () => {
  if (publicKey === undefined) throw new Error('the key is a key');
  const signature = signHeartbeat(attestation, privateKey);
  expect(verifyHeartbeat({ ...attestation, signature }, publicKey)).toBe(true);
  for (const field of ['stream', 'upToSeq', 'runHash', 'seen', 'dropped'])
    expect(verifyHeartbeat({ ...attestation, [field]: '0', signature }, publicKey)).toBe(false);
  expect(verifyHeartbeat({ ...attestation, signature: 'AAAA' }, publicKey)).toBe(false);
  expect(verifyHeartbeat({ ...attestation, signature: '!' }, publicKey)).toBe(false);
});

test('bytes that are no public key give none', () => {
  expect(publicKeyOf(Buffer.alloc(31))).toBeUndefined();
});
