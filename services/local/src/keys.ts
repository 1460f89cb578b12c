// The keys of an installation: made once, each readable by the one role that needs it.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatVerifierKey } from '@sandtrail/chain/verifier-key';
import { enrol } from '@sandtrail/gateway/enrolment';
import { systemRandom } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Account, Accounts } from './accounts.ts';
import type { Configuration } from './configuration.ts';
import type { Layout } from './layout.ts';

/** Where each key lies. */
export interface KeyFiles {
  /** The host daemon's token for the gateway: root's. */
  readonly hostToken: string;
  /** Hashes of all tokens, and their grants: the core's. */
  readonly grants: string;
  /** Signs containment requests: the core's. */
  readonly responderPrivate: string;
  readonly responderPublic: string;
  /** Keys the fingerprints of masked secrets: root's and the core's. */
  readonly fingerprint: string;
  /** Signs checkpoints: the signer's alone. */
  readonly signerPrivate: string;
}

/** The key files of a data directory. */
export function keyFilesOf(layout: Layout): KeyFiles {
  const at = (name: string) => path.join(layout.keys, name);
  return {
    hostToken: at('host.token'),
    grants: at('grants.json'),
    responderPrivate: at('responder.pem'),
    responderPublic: at('responder.pub'),
    fingerprint: at('fingerprint.key'),
    signerPrivate: path.join(layout.signer, 'signer.pem'),
  };
}

/** The name under which this installation signs checkpoints. */
export function signerName(configuration: Configuration): string {
  return `sandtrail-${configuration.tenant}-${configuration.node}`;
}

interface KeyOptions {
  readonly layout: Layout;
  readonly configuration: Configuration;
  readonly accounts: Accounts;
}

const fingerprintKeyBytes = 32;

/**
 * Makes what is missing. Owners and modes are set once, at birth: root never follows a path again
 * into a folder that a lesser role could have changed.
 */
export function prepareKeys({ layout, configuration, accounts }: KeyOptions): void {
  const files = keyFilesOf(layout);
  const { core, signer, separated } = accounts;
  const own = (file: string, owner: Account, mode: number) => {
    chmodSync(file, mode);
    if (separated) chownSync(file, owner.uid, owner.gid);
  };
  if (!existsSync(files.hostToken)) {
    const grant = `host:${configuration.node}`;
    const { tenant } = configuration;
    const token = enrol({ path: files.grants, grant, tenant, random: systemRandom });
    writeFileSync(files.hostToken, token, { mode: 0o600 });
    own(files.grants, core, 0o600);
  }
  if (!existsSync(files.responderPrivate)) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(files.responderPublic, pem(publicKey), { mode: 0o644 });
    writeFileSync(files.responderPrivate, pem(privateKey), { mode: 0o600 });
    own(files.responderPrivate, core, 0o600);
  }
  if (!existsSync(files.fingerprint)) {
    writeFileSync(files.fingerprint, systemRandom(fingerprintKeyBytes), { mode: 0o640 });
    own(files.fingerprint, { uid: 0, gid: core.gid }, 0o640);
  }
  if (!existsSync(files.signerPrivate)) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const key = formatVerifierKey(signerName(configuration), publicKey);
    const trust = { v: 1, keys: [key], sealingRequired: true };
    writeFileSync(layout.trustFile, `${JSON.stringify(trust)}\n`, { mode: 0o644 });
    writeFileSync(files.signerPrivate, pem(privateKey), { mode: 0o600 });
    own(files.signerPrivate, signer, 0o600);
  }
}

/**
 * Reads a private key (PKCS #8 in PEM).
 * @throws SandtrailError `DATA_DIR_DAMAGED`
 */
export function readPrivateKey(file: string): KeyObject {
  return read(file, (text) => createPrivateKey(text));
}

/**
 * Reads a public key (SPKI in PEM).
 * @throws SandtrailError `DATA_DIR_DAMAGED`
 */
export function readPublicKey(file: string): KeyObject {
  return read(file, (text) => createPublicKey(text));
}

function read(file: string, parse: (text: string) => KeyObject): KeyObject {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: file, cause: error });
  }
}

function pem(key: KeyObject): string {
  const type = key.type === 'private' ? 'pkcs8' : 'spki';
  return key.export({ format: 'pem', type }).toString();
}
