// The console's pages: files of the build, the one page for every view, and a word where none is.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isView, loadStaticFiles, notBuiltPage, type StaticFile } from './static-files.ts';

const forEver = 'public, max-age=31536000, immutable';

/** Serves `folder`; it is read once, and again while it holds no page. */
export function addPages(app: FastifyInstance, folder: string): void {
  let files = loadStaticFiles(folder);
  app.get('/*', (request, reply) => {
    const [path = '/'] = request.url.split('?');
    if (files.size === 0) files = loadStaticFiles(folder);
    const file = files.get(path);
    if (file !== undefined) return sendFile(reply, file);
    if (!isView(path)) throw new SandtrailError('NOT_FOUND', { detail: 'no such page' });
    const page = files.get('/index.html');
    if (page !== undefined) return sendFile(reply, page);
    return reply.code(503).type('text/html; charset=utf-8').send(notBuiltPage);
  });
}

function sendFile(reply: FastifyReply, { bytes, type, isHashed }: StaticFile): FastifyReply {
  // A page names the files of its own build: it is asked for anew each time.
  reply.header('cache-control', isHashed ? forEver : 'no-cache');
  return reply.type(type).send(bytes);
}
