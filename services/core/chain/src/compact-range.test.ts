import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompactRange, innerNode, rangeFits } from './compact-range.ts';
import { type Hash, hexOf, sha256 } from './hash.ts';

test('the roots of the RFC 6962 reference inputs are the published ones', () => {
  // Leaves and roots of the reference tests of the certificate-transparency project.
  const inputs = ['', '00', '10', '2021', '3031', '40414243'];
  const range = new CompactRange();
  const roots = [hexOf(range.root())];
  for (const input of inputs) {
    range.append(sha256(Buffer.from(`00${input}`, 'hex')));
    roots.push(hexOf(range.root()));
  }
  expect(roots.slice(0, 5)).toEqual([
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
});

test('the compact range has the root of the naive tree, at every size', () => {
  const leaves: Hash[] = [];
  const range = new CompactRange();
  for (let size = 0; size <= 130; size += 1) {
    expect(range.root()).toBe(naiveRoot(leaves));
    const leaf = sha256(Buffer.from(`leaf ${size}`));
    leaves.push(leaf);
    range.append(leaf);
  }
});

test('a range that goes on from its state is the same as one that never stopped', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (before, after) => {
      const whole = new CompactRange();
      const first = new CompactRange();
      for (let i = 0; i < before; i += 1) first.append(sha256(Buffer.from(`${i}`)));
      const state = first.state();
      const rest = new CompactRange(state);
      for (let i = before; i < before + after; i += 1) rest.append(sha256(Buffer.from(`${i}`)));
      for (let i = 0; i < before + after; i += 1) whole.append(sha256(Buffer.from(`${i}`)));
      expect(rest.state()).toEqual(whole.state());
      expect(rangeFits(rest.state())).toBe(true);
      expect(first.size).toBe(before);
    }),
    { numRuns: 30 },
  );
});

test('a state whose nodes do not fit its size is refused', () => {
  const node = sha256(Buffer.from('x'));
  expect(rangeFits({ size: 3, nodes: [node] })).toBe(false);
  expect(rangeFits({ size: -1, nodes: [] })).toBe(false);
  expect(rangeFits({ size: 2 ** 53, nodes: [node] })).toBe(false);
});

/** RFC 6962, 2.1, word for word: split at the largest power of two below the size. */
function naiveRoot(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (only === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return innerNode(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}
