import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConsoleBed, startConsoleBed } from '../testbed.ts';

let folder = '';
let bed: ConsoleBed;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  const files = ['-keyout', path.join(folder, 'k.pem'), '-out', path.join(folder, 'c.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...files, ...subject], {
    stdio: 'ignore',
  });
  bed = await startConsoleBed();
});
afterAll(async () => {
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => path.join(folder, name);

test('with a certificate it speaks TLS only, and tells browsers to stay with it', async () => {
  const web = await bed.start({
    port: 0,
    tls: { certFile: at('c.pem'), keyFile: at('k.pem') },
  });
  try {
    expect(web.url).toMatch(/^https:/);
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const options = { ca: readFileSync(at('c.pem')) };
      get(`${web.url}/api/openapi.json`, options, (response) => {
        response.resume();
        resolve({ ...response.headers, status: response.statusCode });
      }).on('error', reject);
    });
    expect(headers).toMatchObject({
      status: 200,
      'strict-transport-security': expect.stringContaining('max-age'),
    });
    await expect(fetch(web.url.replace('https:', 'http:'))).rejects.toThrow();
  } finally {
    await web.close();
  }
});

test('a certificate that is not there is refused by name', async () => {
  const tls = { certFile: at('none.pem'), keyFile: at('k.pem') };
  await expect(bed.start({ port: 0, tls })).rejects.toMatchObject({ code: 'LISTEN_REFUSED' });
});
