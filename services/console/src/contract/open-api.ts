// The contract as OpenAPI 3.1: derived from the table of routes, written by `npm run generate`.
import { ContainmentResult } from '@sandtrail/schemas/containment';
import { Policy } from '@sandtrail/schemas/policy';
import * as z from 'zod';
import { Alert } from './alerts.ts';
import { ContainmentItem } from './containment.ts';
import { EventRow } from './event-row.ts';
import { Verification, VerificationResult } from './integrity.ts';
import { Problem, problemType } from './problem.ts';
import { type ApiRoute, apiPrefix, commonRefusals } from './route.ts';
import { routes } from './routes.ts';
import { requestHeader, Session } from './session.ts';

/** Shapes that several others use, by the names under which the document has them. */
const shared = {
  ...{ Alert, ContainmentItem, ContainmentResult, EventRow, Policy, Problem, Session },
  ...{ Verification, VerificationResult },
};

type Json = Readonly<Record<string, unknown>>;

/** The document's text. Values are described in wire form: 64-bit numbers are digits. */
export function openApi(): string {
  const named = namedShapes();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries<ApiRoute>(routes)) {
    const path = `${apiPrefix}${route.path}`;
    const described = operation(name, { route, named });
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described };
  }
  const { schemas } = z.toJSONSchema(named, { io: 'input', uri: placeOf });
  const bare = Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]);
  const document = {
    openapi: '3.1.0',
    info: { title: 'Sandtrail console', version: '1', license: { name: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: Object.fromEntries(bare),
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'sandtrail-PORT' } },
    },
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

type Named = ReturnType<typeof namedShapes>;

/** Every body, answer and message; what several routes share stands there once. */
function namedShapes() {
  const named = z.registry<{ readonly id: string }>();
  const add = (id: string, schema: z.ZodType | undefined) => {
    if (schema !== undefined && !named.has(schema)) named.add(schema, { id });
  };
  for (const [id, schema] of Object.entries(shared)) add(id, schema);
  for (const [name, { body, answer }] of Object.entries<ApiRoute>(routes)) {
    const title = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    add(`${title}Body`, body);
    if (answer.type === 'json') add(`${title}Answer`, answer.schema);
    if (answer.type !== 'events') continue;
    for (const [message, schema] of Object.entries(answer.messages))
      add(`${title}Message.${message}`, schema);
  }
  return named;
}

interface Operation {
  readonly route: ApiRoute;
  readonly named: Named;
}

function operation(operationId: string, { route, named }: Operation): Json {
  const { summary, right, answer, body, refusals = [] } = route;
  const codes = [...refusals, ...commonRefusals].join(', ');
  const content = { [problemType]: { schema: referenceTo(Problem, named) } };
  return {
    operationId,
    summary,
    ...(right === 'anyone' ? {} : { security: [{ session: [] }] }),
    'x-right': right,
    parameters: parameters(route),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body, named) } }),
    responses: {
      ...answered(answer, named),
      default: { description: `A problem: ${codes}`, content },
    },
  };
}

function answered(answer: ApiRoute['answer'], named: Named): Json {
  switch (answer.type) {
    case 'json':
      return { 200: { description: 'The answer', content: json(answer.schema, named) } };
    case 'empty':
      return { 204: { description: 'Done' } };
    case 'events': {
      const messages = Object.entries(answer.messages).map(([name, schema]) => [
        name,
        referenceTo(schema, named),
      ]);
      const described = { type: 'string', 'x-messages': Object.fromEntries(messages) };
      const content = { 'text/event-stream': { schema: described } };
      return { 200: { description: 'Server-sent events, JSON in each', content } };
    }
    default:
      return answer satisfies never;
  }
}

function parameters({ method, params, query }: ApiRoute): readonly Json[] {
  const { name, value } = requestHeader;
  const guard = { name, in: 'header', required: true, schema: { const: value } };
  return [
    ...fieldsOf(params, 'path'),
    ...fieldsOf(query, 'query'),
    ...(method === 'GET' ? [] : [guard]),
  ];
}

const ObjectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function fieldsOf(shape: z.ZodType | undefined, place: 'path' | 'query'): readonly Json[] {
  if (shape === undefined) return [];
  const { properties, required } = ObjectSchema.parse(z.toJSONSchema(shape, { io: 'input' }));
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }));
}

function json(schema: z.ZodType, named: Named): Json {
  return { 'application/json': { schema: referenceTo(schema, named) } };
}

function referenceTo(schema: z.ZodType, named: Named): Json {
  return { $ref: placeOf(named.get(schema)?.id ?? '') };
}

function placeOf(id: string): string {
  return `#/components/schemas/${id}`;
}

/** A schema in the document has the dialect of OpenAPI 3.1 and is named by its place. */
function withoutDialect({ $schema: _, $id: __, ...schema }: Json): Json {
  return schema;
}
