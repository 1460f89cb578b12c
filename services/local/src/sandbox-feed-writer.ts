// A sandbox's feed into the log: lines by the sandbox's own socket, so that all of it stays a claim.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import type { FeedOpening, FeedWriter } from './feed-writer.ts';
import { keyFilesOf } from './keys.ts';
import { registerSandbox } from './sandbox-door.ts';

const Answer = z.looseObject({
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});

/** @throws SandtrailError as `registerSandbox`, and `GATEWAY_UNREACHABLE` */
export async function openSandboxFeed(opening: FeedOpening): Promise<FeedWriter> {
  const { surroundings, sandbox: uid, incarnation } = opening;
  const { layout } = surroundings;
  const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
  const { socketPath } = await registerSandbox({ layout, token }, { uid, incarnation });
  const socket = connect(socketPath);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new SandtrailError('GATEWAY_UNREACHABLE', { detail: socketPath, cause });
  });
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  let n = -1;
  return {
    async write(observation) {
      n += 1;
      socket.write(`${JSON.stringify({ n, ...observation })}\n`);
      const { done, value } = await answers.next();
      if (done === true) throw new SandtrailError('GATEWAY_UNREACHABLE', { detail: 'it hung up' });
      const { error } = Answer.parse(JSON.parse(value));
      return error === undefined ? undefined : [error.code, error.message];
    },
    lost() {
      // A claim about losses moves nothing: the summary tells it, the record does not.
    },
    async close() {
      socket.end();
      if (!socket.closed) await once(socket, 'close');
      return { waiting: 0, refused: {} };
    },
  };
}
