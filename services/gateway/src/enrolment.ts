// Enrolment: which tokens the gateway knows. It keeps their hashes only.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '@sandtrail/runtime/clock';
import { Sha256Hex, Tenant } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { readStateFile, writeStateFile } from './durable-file.ts';
import { type Credential, GrantText, parseGrant } from './grant.ts';

const idBytes = 6;
const secretBytes = 32;
const credentialsMax = 10_000;
const tokenPattern = /^st_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

const EnrolmentFile = z.strictObject({
  version: z.literal(1),
  credentials: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{12}$/),
        tenant: Tenant,
        grant: GrantText,
        tokenSha256: Sha256Hex,
      }),
    )
    .max(credentialsMax),
});
type EnrolmentFile = z.infer<typeof EnrolmentFile>;

/** Which grant to enrol, in the file at `path`. */
export interface EnrolOptions {
  readonly path: string;
  /** `host:<node>` or `sandbox:<uid>`. */
  readonly grant: string;
  readonly tenant: string;
  readonly random: Random;
}

/**
 * Enrols a sender and returns its token, which is shown this once and kept nowhere. The running
 * gateway knows it from its next request on.
 * @throws SandtrailError `DATA_DIR_DAMAGED`; ZodError when the grant is not one
 */
export function enrol({ path, grant, tenant, random }: EnrolOptions): string {
  const { credentials } = readEnrolment(path);
  const id = random(idBytes).toString('hex');
  const token = `st_${id}_${random(secretBytes).toString('base64url')}`;
  const entry = { id, tenant, grant, tokenSha256: sha256(token).toString('hex') };
  const file = EnrolmentFile.parse({ version: 1, credentials: [...credentials, entry] });
  writeStateFile(path, file);
  return token;
}

/** Removes a credential; its token is refused from then on. Returns false when it is not there. */
export function revoke({ path, id }: { readonly path: string; readonly id: string }): boolean {
  const { credentials } = readEnrolment(path);
  const kept = credentials.filter((entry) => entry.id !== id);
  if (kept.length === credentials.length) return false;
  writeStateFile(path, { version: 1, credentials: kept });
  return true;
}

/** The credentials as the gateway asks for them. */
export interface Enrolment {
  /** The credential of a token; undefined when it is not known. */
  credentialOf(token: string): Credential | undefined;
  /** Reads the file again. @throws SandtrailError `DATA_DIR_DAMAGED` */
  reload(): void;
}

/** Opens the enrolment file. @throws SandtrailError `DATA_DIR_DAMAGED` */
export function openEnrolment(path: string): Enrolment {
  let known = load(path);
  return {
    credentialOf(token) {
      const id = tokenPattern.exec(token)?.[1];
      const entry = id === undefined ? undefined : known.get(id);
      // The comparison takes as long for a known id as for an unknown one, right or wrong.
      const isRight = timingSafeEqual(sha256(token), entry?.hash ?? noHash);
      return isRight ? entry?.credential : undefined;
    },
    reload() {
      known = load(path);
    },
  };
}

const noHash = Buffer.alloc(32);

function load(path: string) {
  const { credentials } = readEnrolment(path);
  return new Map(
    credentials.map(({ id, tenant, grant, tokenSha256 }) => {
      const credential: Credential = { id, tenant, grant: parseGrant(grant) };
      return [id, { credential, hash: Buffer.from(tokenSha256, 'hex') }];
    }),
  );
}

function readEnrolment(path: string): EnrolmentFile {
  return readStateFile(path, EnrolmentFile) ?? { version: 1, credentials: [] };
}

function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
