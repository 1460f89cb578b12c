// `sandtrail schema KIND`: the JSON Schema of anything that Sandtrail reads or writes.

import { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Body } from '@sandtrail/schemas/events';
import { Finding } from '@sandtrail/schemas/finding';
import { Header } from '@sandtrail/schemas/header';
import { Policy } from '@sandtrail/schemas/policy';
import { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import * as z from 'zod';
import type { Verb } from '../verb.ts';

const named: Readonly<Record<string, z.ZodType>> = {
  policy: Policy,
  header: Header,
  body: Body,
  finding: Finding,
  'containment-request': ContainmentRequest,
  'containment-result': ContainmentResult,
  'head-file': HeadFile,
  'trust-file': TrustFile,
  'verify-report': VerifyReport,
};

/** Prints the schema of one name, or (with no argument) the names. */
export const schemaVerb: Verb = {
  name: 'schema',
  summary: 'print the JSON Schema of a kind of event, of a policy, a finding …',
  usage: '[KIND]',
  options: {},
  examples: ['sandtrail schema policy', 'sandtrail schema process.exec', 'sandtrail schema'],
  exits: { 0: 'printed', 64: 'there is no such name' },
  async run({ positionals, out }) {
    const [name] = positionals;
    const kinds = Object.fromEntries(Body.options.map((kind) => [kind.shape.kind.value, kind]));
    const all: Readonly<Record<string, z.ZodType>> = { ...named, ...kinds };
    if (name === undefined) {
      await out(`${Object.keys(all).join('\n')}\n`);
      return 0;
    }
    const schema = all[name];
    if (schema === undefined) {
      throw new SandtrailError('USAGE', { detail: `there is no schema ${JSON.stringify(name)}` });
    }
    await out(`${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`);
    return 0;
  },
};
