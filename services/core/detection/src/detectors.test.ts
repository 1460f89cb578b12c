import { Finding } from '@sandtrail/schemas/finding';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { detectors } from './detectors.ts';
import { runExample } from './run-example.ts';
import { writeFinding } from './sandbox-watch.ts';

describe.each(detectors.map((detector) => [detector.name, detector] as const))(
  '%s',
  (_name, detector) => {
    test('brings three hits and three misses at least', () => {
      expect(detector.examples.hit.length).toBeGreaterThanOrEqual(3);
      expect(detector.examples.miss.length).toBeGreaterThanOrEqual(3);
    });

    test.each(detector.examples.hit.map((example) => [example.what, example] as const))(
      'finds %s',
      (_what, example) => {
        const findings = runExample(detector, example);
        expect(findings.length).toBeGreaterThan(0);
        for (const finding of findings) {
          expect(z.decode(Finding, JSON.parse(writeFinding(finding)))).toEqual(finding);
        }
      },
    );

    test.each(detector.examples.miss.map((example) => [example.what, example] as const))(
      'passes over %s',
      (_what, example) => {
        expect(runExample(detector, example).map(({ explanation }) => explanation)).toEqual([]);
      },
    );
  },
);
