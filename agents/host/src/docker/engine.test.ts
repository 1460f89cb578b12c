// What becomes of engines that lie, hang, chatter or are too old: each is one refusal with a code.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDockerEngine } from './engine.ts';

/** Speaks as told on a socket of its own, while `work` asks. */
async function against(
  answer: RequestListener,
  work: (socketPath: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ste-'));
  const socketPath = join(folder, 'd.sock');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    await work(socketPath);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const versions = (max: string, min: string): RequestListener => {
  return (_, response) => response.end(JSON.stringify({ ApiVersion: max, MinAPIVersion: min }));
};
const unavailable = { code: 'DOCKER_UNAVAILABLE' };

test('a socket without an engine is unavailable', async () => {
  await expect(openDockerEngine({ socketPath: '/nowhere/d.sock' })).rejects.toMatchObject(
    unavailable,
  );
});

test.each([
  ['1.12', '1.12'],
  ['9.0', '8.0'],
  ['garbage', 'garbage'],
])('an engine that speaks %s down to %s is refused', async (max, min) => {
  await against(versions(max, min), async (socketPath) => {
    await expect(openDockerEngine({ socketPath })).rejects.toMatchObject(unavailable);
  });
});

test('a newer engine is spoken to in the version that both know', async () => {
  await against(versions('1.47', '1.24'), async (socketPath) => {
    expect((await openDockerEngine({ socketPath })).apiVersion).toBe('1.41');
  });
});

test('an engine that hangs, hangs up, or never ends its answer is unavailable', async () => {
  const chatter: RequestListener = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    more();
  };
  const faults: readonly RequestListener[] = [
    () => undefined,
    (request) => request.socket.destroy(),
    chatter,
  ];
  for (const fault of faults) {
    await against(fault, async (socketPath) => {
      const opening = openDockerEngine({ socketPath, timeoutMs: 300 });
      await expect(opening).rejects.toMatchObject(unavailable);
    });
  }
});

test('what the engine refuses is told in its own words', async () => {
  const refusing: RequestListener = (request, response) => {
    if (request.url === '/version') return versions('1.41', '1.12')(request, response);
    response.statusCode = 500;
    response.end('{"message":"no"}');
    return undefined;
  };
  await against(refusing, async (socketPath) => {
    const engine = await openDockerEngine({ socketPath });
    const refused = { code: 'DOCKER_REFUSED', detail: '500: {"message":"no"}' };
    await expect(engine.keepDead('a')).rejects.toMatchObject(refused);
    await expect(engine.inspect('a')).rejects.toMatchObject(refused);
  });
});
