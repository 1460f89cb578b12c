// Verifies an export bundle with no database and no network.
import type { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import { BundleReader, finding } from './bundle-reader.ts';
import { verifyAll } from './verify-all.ts';

/** A bundle and what the user holds against it. */
export interface VerifyBundleOptions {
  /** The bundle's lines without their newlines, as `splitLines` gives them. */
  readonly lines: AsyncIterable<string>;
  readonly trust?: TrustFile | undefined;
  readonly heads?: HeadFile | undefined;
}

/**
 * The report on a bundle. What is damaged or cut off gives `incomplete_export`; a file that is no
 * bundle gives that alone. Nothing that a file may hold makes it throw.
 * @throws SandtrailError `TRUST_INVALID` when a pinned key is malformed
 */
export async function verifyBundle(options: VerifyBundleOptions): Promise<VerifyReport> {
  const { lines, trust, heads } = options;
  const reader = new BundleReader(lines);
  const manifest = await reader.manifest();
  if (manifest === undefined) {
    const detail = 'the first line is not the manifest of a Sandtrail bundle: nothing was verified';
    return { verdict: 'incomplete', findings: [finding(detail)], chains: [] };
  }
  return await verifyAll({
    chains: reader.chains(),
    trust,
    heads,
    notes: manifest.heads,
    outside: () => reader.findings(),
  });
}
