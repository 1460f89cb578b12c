// Configuration: defaults, a file, the command line, and mistakes in each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfiguration } from './configuration.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string | undefined, given: Readonly<Record<string, unknown>> = {}) {
  const file = path.join(folder, 'config.yaml');
  if (text !== undefined) writeFileSync(file, text);
  return loadConfiguration({
    file,
    hostname: 'build host',
    headFile: '/h.json',
    cgroupParent: 'c',
    given,
  });
}

test('defaults hold without a file, and a host name is made fit for streams', () => {
  expect(load(undefined)).toMatchObject({
    node: 'build-host',
    tenant: 'local',
    checkpointMs: 2000,
  });
});

test('the command line wins over the file', () => {
  expect(load('tenant: acme\nlogLevel: warn\n', { tenant: 'other' })).toMatchObject({
    tenant: 'other',
    logLevel: 'warn',
  });
});

test.each([
  ['an unknown setting', 'tennant: acme\n', /tennant/],
  ['a value out of its bounds', 'checkpointMs: 1\n', /checkpointMs/],
  [
    'a door for metrics that other machines could reach',
    'telemetry: {prometheus: {host: 0.0.0.0, port: 9464}}\n',
    /telemetry\.prometheus\.host/,
  ],
  [
    'telemetry in the clear beyond this machine',
    'telemetry: {otlp: {endpoint: "http://otel.example:4318"}}\n',
    /telemetry\.otlp\.endpoint/,
  ],
  [
    'a password in an address, which would be logged',
    'telemetry: {otlp: {endpoint: "https://a:b@otel.example"}}\n',
    /telemetry\.otlp\.endpoint/,
  ],
  ['a text that is not YAML', 'a: [1\n', /config\.yaml/],
  ['a list instead of settings', '- a\n', /config\.yaml/],
])('%s is refused by name', (_name, text, said) => {
  expect(() => load(text)).toThrowError(said);
});
