// TLS as a destination's files say: who is believed, and who we are. Read anew for each connection.
import type { SecureContextOptions } from 'node:tls';
import type { TlsFiles } from './destination-settings.ts';
import { readPublicFile, readSecret } from './secret-file.ts';

/** What Node's TLS takes; files are read now, so that a renewed certificate is used. */
export type TlsSettings = SecureContextOptions & { readonly servername?: string };

/** Reads the files. @throws SandtrailError `KEY_UNUSABLE` */
export async function readTls(files: TlsFiles | undefined): Promise<TlsSettings> {
  if (files === undefined) return {};
  const { caFile, certFile, keyFile, serverName } = files;
  return {
    ...(caFile === undefined ? {} : { ca: await readPublicFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: await readPublicFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readSecret(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    minVersion: 'TLSv1.2',
  };
}
