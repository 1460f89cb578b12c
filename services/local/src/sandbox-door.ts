// A runner's word with the gateway before its sandbox exists: it registers it, and ends it after.
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SandboxSocketAnswer } from '@sandtrail/schemas/sandbox-registration';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Layout } from './layout.ts';

interface Asking {
  readonly layout: Layout;
  readonly token: string;
}

interface Life {
  readonly uid: SandboxUid;
  readonly incarnation: number;
}

const answerMsMax = 10_000;

/**
 * Registers a sandbox's life for this node; resolves to where its own event socket lies.
 * @throws SandtrailError `GATEWAY_UNREACHABLE`, `GATEWAY_REFUSED`
 */
export async function registerSandbox(asking: Asking, life: Life): Promise<SandboxSocketAnswer> {
  const text = await ask(asking, {
    method: 'POST',
    path: '/v1/sandboxes',
    body: JSON.stringify(life),
  });
  return SandboxSocketAnswer.parse(JSON.parse(text));
}

/**
 * Says that a sandbox's life is over: its socket closes, what its collectors still send is taken.
 * @throws SandtrailError `GATEWAY_UNREACHABLE`, `GATEWAY_REFUSED`
 */
export async function endSandbox(asking: Asking, { uid, incarnation }: Life): Promise<void> {
  await ask(asking, { method: 'DELETE', path: `/v1/sandboxes/${uid}/${incarnation}`, body: '{}' });
}

interface Request {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly body: string;
}

async function ask({ layout, token }: Asking, { method, path, body }: Request): Promise<string> {
  const session = connect('http://gateway', {
    createConnection: () => connectSocket(layout.gatewaySocket),
  });
  const broken = new Promise<never>((_, reject) => session.once('error', reject));
  try {
    const stream = session.request(
      {
        ':method': method,
        ':path': path,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      },
      // Node ends a DELETE by itself otherwise.
      { endStream: false },
    );
    stream.setTimeout(answerMsMax, () => stream.close());
    stream.end(body);
    const [headers] = await Promise.race([once(stream, 'response'), broken]);
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    if (Number(headers[':status']) < 300) return text;
    throw new SandtrailError('GATEWAY_REFUSED', { detail: `${headers[':status']}: ${text}` });
  } catch (error) {
    if (error instanceof SandtrailError) throw error;
    throw new SandtrailError('GATEWAY_UNREACHABLE', { detail: layout.gatewaySocket, cause: error });
  } finally {
    session.close();
  }
}
