import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { openApi } from './open-api.ts';
import { apiPrefix } from './route.ts';
import { routes } from './routes.ts';

const committed = new URL('../../open-api.json', import.meta.url);

test('the committed OpenAPI document is the one that the contract gives', () => {
  expect(readFileSync(committed, 'utf8'), 'run npm run generate').toBe(openApi());
});

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ operationId: z.string(), parameters: z.array(z.object({ name: z.string() })) }),
    ),
  ),
});

test('every route is described once, with each part of its path as a parameter', () => {
  const { paths } = Document.parse(JSON.parse(openApi()));
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
    Object.keys(routes).sort(),
  );
  for (const [path, methods] of Object.entries(paths)) {
    expect(path.startsWith(apiPrefix)).toBe(true);
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(methods))
      expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(wanted));
  }
});

test('whatever is not a GET asks for the header that a form of another site cannot send', () => {
  const { paths } = Document.parse(JSON.parse(openApi()));
  for (const [method, { parameters }] of Object.values(paths).flatMap((path) =>
    Object.entries(path),
  ))
    expect(parameters.some(({ name }) => name === 'x-sandtrail-console')).toBe(method !== 'get');
});

test('every reference in the document leads to a shape that stands there', () => {
  const text = openApi();
  const { components } = z
    .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
    .parse(JSON.parse(text));
  const references = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map(([, target]) => target);
  expect(references.length).toBeGreaterThan(50);
  for (const target of references) {
    const name = target?.replace('#/components/schemas/', '') ?? '';
    expect(Object.keys(components.schemas)).toContain(name);
  }
});
