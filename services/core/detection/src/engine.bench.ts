// How many events a core judges with all detectors: parsed already, and from their bytes.
import { readFileSync } from 'node:fs';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import { Body } from '@sandtrail/schemas/events';
import { test } from 'vitest';
import { createBundle } from './bundle.ts';
import { createEngine } from './engine.ts';
import { createFastRules } from './fast-rules.ts';

const parsed = ['benign-session', 'attacks'].flatMap((name) =>
  readFileSync(new URL(`./fixtures/${name}.ndjson`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(parseEventLine),
);
const bundle = createBundle();
const count = parsed.length;

test('judge recorded events that are parsed already', async ({ bench }) => {
  await bench(`${count} parsed events`, () => {
    const engine = createEngine({ bundle });
    for (const event of parsed) engine.step(event);
  }).run();
});

test('parse and judge recorded events', async ({ bench }) => {
  await bench(`${count} events as text`, () => {
    const engine = createEngine({ bundle });
    for (const { header, bodyText } of parsed)
      engine.step({ header, body: Body.parse(JSON.parse(bodyText)), bodyText });
  }).run();
});

test('save and restore the state of a partition', async ({ bench }) => {
  const engine = createEngine({ bundle });
  for (const event of parsed) engine.step(event);
  await bench(`${new Set(parsed.map(({ header }) => header.sandbox)).size} sandboxes`, () => {
    createEngine({ bundle }).restore(engine.snapshot());
  }).run();
});

test('judge observations on the host', async ({ bench }) => {
  const [creation] = parsed.filter(({ body }) => body.kind === 'sandbox.created');
  if (creation?.body.kind !== 'sandbox.created') throw new Error('the corpus has a creation');
  const { policy, workspace = '/' } = creation.body;
  const { sandbox: uid, incarnation } = creation.header;
  const about = { sandbox: { uid, incarnation, policy, workspace }, trust: 'kernel' } as const;
  const observations = parsed.map(({ bodyText }) => JSON.parse(bodyText));
  await bench(`${count} observations`, () => {
    const rules = createFastRules({ bundle });
    for (const observation of observations) rules(observation, about);
  }).run();
});
