// The rule bundle: which detectors are in force, with which configuration, under which digest.
import { createHash } from 'node:crypto';
import { canonicalJson } from '@sandtrail/policy/canonical-json';
import type { ConfiguredDetector, Detector } from './detector.ts';
import { detectors } from './detectors.ts';

/** Detectors with settled configurations; findings carry the digest. */
export interface Bundle {
  readonly detectors: readonly ConfiguredDetector[];
  /** SHA-256 over names, versions and configurations, in order. */
  readonly digest: string;
}

interface BundleOptions {
  /** Configuration by detector name; what is not named keeps its defaults. */
  readonly configs?: Readonly<Record<string, unknown>>;
  readonly only?: readonly Detector[];
}

/** Settles a bundle; throws a ZodError when a configuration does not fit its detector. */
export function createBundle({ configs = {}, only = detectors }: BundleOptions = {}): Bundle {
  const configured = only.map((detector) => detector.configure(configs[detector.name] ?? {}));
  const identity = configured.map(({ detector, config }) => ({
    name: detector.name,
    version: detector.version,
    config,
  }));
  const digest = createHash('sha256').update(canonicalJson(identity)).digest('hex');
  return { detectors: configured, digest };
}
