// The contract as JSON Schema (2020-12): one document for each shape that others read or write.
import * as z from 'zod';
import { Body } from '../events.ts';
import { BundleManifest, BundleRow } from './bundle.ts';
import { ContainmentRequest, ContainmentResult } from './containment.ts';
import { Finding } from './finding.ts';
import { Header } from './header.ts';
import { Policy } from './policy.ts';
import { ChainHead, HeadFile, SealState, TrustFile, VerifyReport } from './seal.ts';

const shapes = {
  header: Header,
  body: Body,
  finding: Finding,
  'containment-request': ContainmentRequest,
  'containment-result': ContainmentResult,
  policy: Policy,
  'chain-head': ChainHead,
  'seal-state': SealState,
  'head-file': HeadFile,
  'trust-file': TrustFile,
  'verify-report': VerifyReport,
  'bundle-manifest': BundleManifest,
  'bundle-row': BundleRow,
};

/**
 * The text of each file in `schemas/json`, by file name. The wire form is described (`io: 'input'`):
 * 64-bit values are decimal strings.
 */
export function jsonSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const schema = z.toJSONSchema(shape, { io: 'input', reused: 'ref' });
      const titled = { ...schema, title: `Sandtrail ${name.replaceAll('-', ' ')}, version 1` };
      return [`${name}.json`, `${JSON.stringify(titled, undefined, 2)}\n`];
    }),
  );
}
