// An authority of a test's own, with a certificate for a receiver and one for its client.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly server: Pair;
  readonly client: Pair;
  /** Of another authority: nobody here believes it. */
  readonly stranger: Pair;
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Makes them in `dir`, for a receiver on 127.0.0.1; `openssl` does the work. */
export function makeCertificates(dir: string): Certificates {
  const at = (name: string) => path.join(dir, name);
  const openssl = (...words: readonly string[]) =>
    execFileSync('openssl', words, { stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const authority = (name: string) => {
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
    openssl('req', '-x509', ...curve, ...files, '-days', '2', '-subj', `/CN=${name}`);
  };
  const pair = (name: string, issuer: string): Pair => {
    const [key, request, cert, extra] = [
      `${name}.key`,
      `${name}.csr`,
      `${name}.pem`,
      `${name}.ext`,
    ];
    writeFileSync(at(extra), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('req', ...curve, '-keyout', at(key), '-out', at(request), '-subj', `/CN=${name}`);
    const signed = ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`), '-CAcreateserial'];
    const files = ['-in', at(request), '-out', at(cert), '-extfile', at(extra)];
    openssl('x509', '-req', ...files, ...signed, '-days', '2');
    return { cert: at(cert), key: at(key) };
  };
  authority('authority');
  authority('other-authority');
  return {
    ca: at('authority.pem'),
    server: pair('receiver', 'authority'),
    client: pair('forwarder', 'authority'),
    stranger: pair('stranger', 'other-authority'),
  };
}
