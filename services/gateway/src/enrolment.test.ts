import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemRandom as random } from '@sandtrail/runtime/clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { enrol, openEnrolment, revoke } from './enrolment.ts';

let dir = '';
let file = '';
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'sandtrail-enrol-'));
  file = path.join(dir, 'enrolment.json');
});
afterEach(() => rm(dir, { recursive: true }));

test('a token is known by its hash only, and its file is its owner’s alone', async () => {
  const token = enrol({ path: file, grant: 'host:node-1', tenant: 'acme', random });
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(token);
  expect(text).not.toContain(token.slice(-43));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(openEnrolment(file).credentialOf(token)).toMatchObject({
    tenant: 'acme',
    grant: { type: 'host', node: 'node-1' },
  });
});

test('a token that differs in one character, or is none, is not known', () => {
  const token = enrol({ path: file, grant: 'sandbox:sbx-alpha01', tenant: 'acme', random });
  const enrolment = openEnrolment(file);
  for (let at = 0; at < token.length; at += 1) {
    const wrong = `${token.slice(0, at)}${token[at] === 'x' ? 'y' : 'x'}${token.slice(at + 1)}`;
    expect(enrolment.credentialOf(wrong)).toBeUndefined();
  }
  expect(enrolment.credentialOf('')).toBeUndefined();
});

test('a revoked token is refused after a reload', () => {
  const token = enrol({ path: file, grant: 'host:node-1', tenant: 'acme', random });
  const enrolment = openEnrolment(file);
  const id = enrolment.credentialOf(token)?.id ?? '';
  expect(revoke({ path: file, id })).toBe(true);
  enrolment.reload();
  expect(enrolment.credentialOf(token)).toBeUndefined();
  expect(revoke({ path: file, id })).toBe(false);
});

test('a grant that is none is not enrolled, and a damaged file is refused', async () => {
  for (const grant of ['host:', 'host:a b', 'sandbox:X', 'service:responder', 'root']) {
    expect(() => enrol({ path: file, grant, tenant: 'acme', random })).toThrow('host:<node>');
  }
  await writeFile(file, '{"version":1,"credentials":[{}]}');
  expect(() => openEnrolment(file)).toThrow('The data directory is damaged.');
});
