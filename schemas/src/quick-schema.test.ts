// The quick way and zod's own way through a schema agree, on what fits, on what does not, and in what they give.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Body } from '../events.ts';
import { Header } from './header.ts';
import { quickSchema } from './quick-schema.ts';

const textMax = 40;

/** Values near a schema: most fit, some miss it by a little. */
function near(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 120, arbitrary: fitting(schema) }, { weight: 1, arbitrary: junk });
}

const junk = fc.oneof(
  fc.constantFrom(null, true, '', 'x', 0, -1, 1.5, 2 ** 53, [], [[]], {}, '01', '9'.repeat(20)),
  fc.string({ maxLength: textMax }),
);

function fitting(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodObject) return objects(schema);
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(near));
  if (schema instanceof z.ZodArray)
    return fc.array(near(schema.def.element), { minLength: 1, maxLength: 3 });
  if (schema instanceof z.ZodOptional) return near(schema.def.innerType);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return near(schema.def.innerType);
  if (schema instanceof z.ZodCodec) return fc.bigInt({ min: -2n, max: 2n ** 64n + 1n }).map(String);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumberFormat) return fc.integer({ min: 0, max: 2000 });
  if (schema instanceof z.ZodString) return texts(schema);
  return junk;
}

function objects({ def: { shape } }: z.ZodObject): fc.Arbitrary<unknown> {
  const fields = Object.entries(shape);
  const requiredKeys = fields.flatMap(([name, of]) => (of instanceof z.ZodOptional ? [] : [name]));
  const all = Object.fromEntries(fields.map(([name, of]) => [name, near(of)]));
  const whole = fc.record(all, { requiredKeys });
  const other = fc.record({ ...all, [fields.length === 1 ? 'more' : '__proto__']: junk });
  const less = fc.record(all, { requiredKeys: requiredKeys.slice(1) });
  return fc.oneof(
    { weight: 40, arbitrary: whole },
    { weight: 1, arbitrary: fc.oneof(other, less) },
  );
}

function texts({ def: { checks = [] } }: z.ZodString): fc.Arbitrary<string> {
  const usual = fc.string({ maxLength: textMax });
  const pattern = checks.find((check) => check instanceof z.core.$ZodCheckRegex)?._zod.def.pattern;
  if (pattern !== undefined) return fc.stringMatching(pattern);
  const start = checks.find((check) => check instanceof z.core.$ZodCheckStartsWith);
  if (start !== undefined) return usual.map((rest) => `${start._zod.def.prefix}${rest}`);
  const max = checks.find((check) => check instanceof z.core.$ZodCheckMaxLength)?._zod.def.maximum;
  if (max === undefined) return usual;
  const longest = fc.constantFrom('x'.repeat(max), 'x'.repeat(max + 1));
  return fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: longest });
}

function agree<S extends z.ZodType>(schema: S, quick = quickSchema(schema)) {
  let taken = 0;
  const property = fc.property(near(schema), (value) => {
    const parsed = schema.safeParse(value);
    const before = structuredClone(value);
    expect(quick.accepts(value)).toBe(parsed.success);
    expect(quick.read(value)).toEqual(parsed.data);
    expect(value).toEqual(before);
    if (parsed.success) taken += 1;
  });
  fc.assert(property, { numRuns: 200, seed: 1 });
  return taken;
}

describe('zod and the quick way agree about', () => {
  test.each(Body.options.map((kind) => [kind.shape.kind.value, kind] as const))(
    'the kind %s',
    (_name, kind) => {
      expect(agree(kind)).toBeGreaterThan(0);
    },
  );

  test('the header', () => {
    expect(agree(Header)).toBeGreaterThan(0);
  });

  test('what is no body at all', () => {
    const { accepts } = quickSchema(Body);
    for (const value of [null, [], 'x', {}, { kind: 'no.such' }, { kind: '__proto__' }]) {
      expect(accepts(value)).toBe(false);
    }
  });

  test('schemas that it leaves to zod', () => {
    const schema = z.strictObject({
      mail: z.email().optional(),
      trimmed: z.string().trim().max(3),
      even: z.int().multipleOf(2),
      either: z.union([z.string(), z.null()]),
      open: z.object({ a: z.boolean() }),
      fixed: z.string().default('x'),
    });
    agree(schema);
    const value = { trimmed: ' abc ', even: 4, either: null, open: { a: true, b: 1 } };
    expect(quickSchema(schema).read(value)).toEqual(schema.parse(value));
  });
});
