import { expect, test } from 'vitest';
import { SymlinkTable } from './symlinks.ts';

test('a symlink is followed in the order of events, also after it was replaced or moved', () => {
  const table = new SymlinkTable();
  expect(table.follow('/w/a', { last: true })).toBeUndefined();
  table.made('/w/a', '/etc');
  expect(table.follow('/w/a/passwd', { last: true })).toBe('/etc/passwd');
  expect(table.follow('/w/a', { last: false })).toBeUndefined();
  table.renamed('/w/a', '/w/b');
  expect(table.follow('/w/a/passwd', { last: true })).toBeUndefined();
  expect(table.follow('/w/b/../x', { last: true })).toBe('/x');
  table.removed('/w/b');
  expect(table.follow('/w/b/passwd', { last: true })).toBeUndefined();
});

test('a relative target counts from the directory of the symlink', () => {
  const table = new SymlinkTable();
  table.made('/w/d/link', '../../etc/shadow');
  expect(table.follow('/w/d/./link', { last: true })).toBe('/etc/shadow');
});

test('symlinks in a circle end without a result', () => {
  const table = new SymlinkTable();
  table.made('/a', '/b');
  table.made('/b', '/a');
  expect(table.follow('/a', { last: true })).toBeUndefined();
});

test('beyond its bound the table forgets the oldest symlink', () => {
  const table = new SymlinkTable();
  for (let at = 0; at <= 1024; at += 1) table.made(`/l${at}`, '/etc');
  expect(table.follow('/l0', { last: true })).toBeUndefined();
  expect(table.follow('/l1', { last: true })).toBe('/etc');
});
