// Runs an example: its detector alone, with its defaults, over its events.
import type { Finding } from '@sandtrail/schemas/finding';
import { createBundle } from './bundle.ts';
import type { Detector } from './detector.ts';
import { createEngine } from './engine.ts';
import { type Example, exampleRecords } from './example.ts';

/** What the detector, alone and with its defaults, finds in the example. */
export function runExample(detector: Detector, example: Example): readonly Finding[] {
  const engine = createEngine({ bundle: createBundle({ only: [detector] }) });
  return exampleRecords(example).flatMap((record) => engine.step(record));
}
