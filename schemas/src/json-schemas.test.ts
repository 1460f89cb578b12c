import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Body } from '../events.ts';
import { jsonSchemas } from './json-schemas.ts';

const folder = new URL('../json/', import.meta.url);

test('the committed JSON Schemas are those that the contract gives', () => {
  const schemas = jsonSchemas();
  expect(readdirSync(folder).sort()).toEqual([...schemas.keys()].sort());
  for (const [name, text] of schemas)
    expect(readFileSync(new URL(name, folder), 'utf8'), `run npm run generate: ${name}`).toBe(text);
});

test('the body schema names every kind', () => {
  const text = jsonSchemas().get('body.json') ?? '';
  for (const kind of Body.options)
    for (const name of kind.shape.kind.def.values) expect(text).toContain(`"const": "${name}"`);
});
