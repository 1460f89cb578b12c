// The headers' file: what it may look like, and that its refusal quotes no secret.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Configuration } from './configuration.ts';
import { readTelemetryHeaders } from './telemetry-headers.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, mode = 0o600) {
  const headersFile = path.join(folder, 'headers');
  writeFileSync(headersFile, text, { mode });
  const otlp = { endpoint: 'https://otel.example', headersFile };
  return readTelemetryHeaders(
    Configuration.parse({ node: 'n', headFile: '/h', cgroupParent: 'c', telemetry: { otlp } }),
  );
}

test('each line is a header', () => {
  const headers = { authorization: 'Bearer a:b', 'x-scope': '7' };
  expect(read('authorization: Bearer a:b\nx-scope:7\n\n')).toEqual(headers);
});

test.each([
  ['a file that others may read', 'authorization: s3cret\n', 0o644],
  ['a line that is no header', 's3cret\n', 0o600],
  ['a name with a space', 'a b: s3cret\n', 0o600],
  ['a value with a control character', 'a: s3cret\u0007\n', 0o600],
])('%s is refused, and its secret not told', (_name, text, mode) => {
  expect(() => read(text, mode)).toThrowError(/KEY_UNUSABLE|key file cannot be used/);
  expect(() => read(text, mode)).not.toThrowError(/s3cret/);
});
