// The built console as files in memory: only what the build made is served, under the names it has.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One file as it is sent. */
export interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
  /** Its name carries a hash of its content: it may be kept for ever. */
  readonly isHashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};

const filesMax = 512;
const sizeBytesMax = 32 * 1024 * 1024;

/** Path below the root (`/assets/x.js`) → file; empty when the console is not built. */
export function loadStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let sizeBytes = 0;
  for (const name of namesIn(folder)) {
    const type = types[path.extname(name)];
    if (type === undefined || files.size >= filesMax) continue;
    const bytes = readFileSync(path.join(folder, name));
    sizeBytes += bytes.length;
    if (sizeBytes > sizeBytesMax) break;
    const isHashed = /^assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(name);
    files.set(`/${name}`, { bytes, type, isHashed });
  }
  return files;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** The console's own addresses: each is answered with the page, which then shows the view. */
const views =
  /^\/(?:|live|alerts|cases|sandboxes|paths|containment|approvals|integrity|rules|exceptions|searches|secrets|pipeline|fleet|audit|e|login)(?:\/[A-Za-z0-9%._~-]*)*$/;

/** True for an address that a browser may open. */
export function isView(pathname: string): boolean {
  return views.test(pathname);
}

/** What is shown where the console was never built. */
export const notBuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sandtrail: the console is not built</title>
<h1>The console is not built</h1>
<p>The API works. Build the pages with <code>npm run build -w dashboards/soc</code>
in the checkout, then start Sandtrail again.</p>
</html>
`;
