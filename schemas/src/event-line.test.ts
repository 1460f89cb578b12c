// The flat line: what a query prints is what `detect --events` reads, down to the body's bytes.

import { expect, test } from 'vitest';
import { Body } from '../events.ts';
import { placeFields } from './event-line.ts';
import { headerFields } from './header.ts';

test('no kind has a field that the flat line uses for something else', () => {
  const taken: readonly string[] = [...headerFields, ...placeFields];
  const clashes = Body.options.flatMap((kind) =>
    Object.keys(kind.shape)
      .filter((field) => taken.includes(field))
      .map((field) => `${kind.shape.kind.value}.${field}`),
  );
  expect(clashes).toEqual([]);
});
