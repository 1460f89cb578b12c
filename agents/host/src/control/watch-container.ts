// Asks the host daemon to watch a container that runs already.
import { once } from 'node:events';
import { connect } from 'node:net';
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import { controlLines } from './lines.ts';
import { PendingAnswers } from './pending.ts';
import { FromHost, type ToHost } from './protocol.ts';

type Wish = Omit<Extract<ToHost, { type: 'watch' }>, 'type' | 'id'>;
type Watching = Omit<Extract<FromHost, { type: 'watching' }>, 'type' | 'id'>;

/**
 * Resolves when it is watched: its uid, its life, and the fields of its policy that nothing
 * enforces.
 * @throws SandtrailError `CONTROL_LOST`, or what the host refuses it for
 */
export async function watchContainer(socketPath: string, wish: Wish): Promise<Watching> {
  const socket = connect(socketPath);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new SandtrailError('CONTROL_LOST', { detail: socketPath, cause });
  });
  const pending = new PendingAnswers<FromHost>();
  const lines = controlLines<FromHost, ToHost>({
    socket,
    schema: FromHost,
    onMessage: (message) => {
      if ('id' in message) pending.settle(message.id, message);
    },
  });
  const lost = lines.closed.then(() => {
    pending.fail(new SandtrailError('CONTROL_LOST', { detail: socketPath }));
  });
  try {
    const reply = await pending.ask((id) => lines.send({ ...wish, type: 'watch', id }));
    if (reply.type !== 'watching') throw refusal(reply);
    const { type: _, id: __, ...watching } = reply;
    return watching;
  } finally {
    lines.end();
    await lost;
  }
}

function refusal(reply: FromHost): SandtrailError {
  if (reply.type === 'refused' && isErrorCode(reply.code)) {
    return new SandtrailError(reply.code, { detail: reply.detail });
  }
  return new SandtrailError('CONTROL_MALFORMED', { detail: reply.type });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
