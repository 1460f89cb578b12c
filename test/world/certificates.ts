// Certificates for a test: an authority, a server's and a client's, as PEM files in a folder.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The files. A `bundle` is key and certificate in one, as Kafka reads them. */
export interface Certificates {
  readonly ca: string;
  readonly server: string;
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes them with openssl; valid for a day, for 127.0.0.1 and localhost. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...words: readonly string[]) =>
    execFileSync('openssl', [...words], { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = at('ca.pem');
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=test authority',
    '-days',
    '1',
    '-keyout',
    at('ca.key'),
    '-out',
    ca,
  );
  const issue = (name: string) => {
    const key = at(`${name}.key`);
    const cert = at(`${name}.pem`);
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', at(`${name}.csr`));
    writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-CA',
      ca,
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      at('names'),
      '-out',
      cert,
    );
    return { key, cert };
  };
  const server = issue('server');
  const bundle = at('server-bundle.pem');
  writeFileSync(bundle, readFileSync(server.key, 'utf8') + readFileSync(server.cert, 'utf8'));
  return { ca, server: bundle, client: issue('client') };
}
