import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { redactObservation } from './redact-observation.ts';
import { createScanner } from './scanner.ts';
import { secretlintEngine } from './secretlint.ts';
import { undominated } from './span.ts';
import { StreamScanner } from './stream-scanner.ts';

const scanner = createScanner({
  fingerprintKey: new Uint8Array(32),
  secondEngine: secretlintEngine,
});
const folder = path.dirname(createRequire(import.meta.url).resolve('zod/package.json'));
const source = globSync('src/v*/{core,classic,locales}/*.ts', { cwd: folder })
  .map((name) => readFileSync(path.join(folder, name), 'utf8'))
  .join('\n')
  .repeat(2)
  .slice(0, 1_000_000);
const events = Array.from({ length: 2000 }, (_, at) => source.slice(at * 500, (at + 1) * 500));

describe('scanner, one core', () => {
  test('2,000 events of 500 characters', async ({ bench }) => {
    await bench('redactObservation 2000 x 500 B', () => {
      for (const text of events) redactObservation(scanner, { kind: 'tool.result', output: text });
    }).run();
  });

  test('1 MB of source', async ({ bench }) => {
    await bench('scan 1 MB', () => {
      scanner.scan(source);
    }).run();
  });

  test('1 MB as a stream in pieces of 4 kB', async ({ bench }) => {
    await bench('stream 1 MB', () => {
      const stream = new StreamScanner({ scanner, field: 'text' });
      for (let at = 0; at < source.length; at += 4096) stream.push(source.slice(at, at + 4096));
      stream.end();
    }).run();
  });

  test('10 kB in one text', async ({ bench }) => {
    await bench('scan 10 kB', () => {
      scanner.scan(source.slice(0, 10_000));
    }).run();
  });

  test('secretlint on 500 characters', async ({ bench }) => {
    await bench('secretlint 500 B', async () => {
      await secretlintEngine(events[0] ?? '');
    }).run();
  });

  test('memory stays flat over 100,000 events, and ordinary source is quiet', () => {
    for (const text of events) scanner.scan(text);
    const before = process.memoryUsage.rss();
    for (let turn = 0; turn < 50; turn += 1) for (const text of events) scanner.scan(text);
    expect(process.memoryUsage.rss() - before).toBeLessThan(30_000_000);
    const told = undominated(scanner.scan(source).spans).filter((span) => span.class === 'secret');
    expect(told.length).toBeLessThanOrEqual(0.5 * (source.length / 1_000_000));
  });
});
