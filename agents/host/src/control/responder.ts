// The responder's connection to the host daemon: signed requests go in, results and proofs come out.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { SignedRequest } from '@sandtrail/schemas/containment';
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import type { OnResult } from '../driver/containment.ts';
import { controlLines } from './lines.ts';
import { PendingAnswers } from './pending.ts';
import { FromHost, type SandboxStatus, type ToHost } from './protocol.ts';

/** A live connection. */
export interface ResponderConnection {
  /**
   * Resolves after the last look (10 s after the act); results are told as they come.
   * @throws SandtrailError with the host's refusal (`CONTAIN_*`), or `CONTROL_LOST`.
   */
  contain(signed: SignedRequest, onResult: OnResult): Promise<void>;
  /** The sandboxes of the host and where they stand. */
  status(): Promise<readonly SandboxStatus[]>;
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects to the daemon. @throws SandtrailError `CONTROL_LOST` when none listens there. */
export async function connectResponder(socketPath: string): Promise<ResponderConnection> {
  const socket = connect(socketPath);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new SandtrailError('CONTROL_LOST', { detail: socketPath, cause });
  });
  const pending = new PendingAnswers<FromHost>();
  const listeners = new Map<number, OnResult>();
  const lines = controlLines<FromHost, ToHost>({
    socket,
    schema: FromHost,
    onMessage: (message) => {
      if (message.type === 'result') listeners.get(message.id)?.(message.result);
      else if ('id' in message) pending.settle(message.id, message);
    },
  });
  const closed = lines.closed.then(() => {
    pending.fail(new SandtrailError('CONTROL_LOST', { detail: socketPath }));
  });
  return {
    contain: async (signed, onResult) => {
      let asked = -1;
      const reply = await pending
        .ask((id) => {
          asked = id;
          listeners.set(id, onResult);
          return lines.send({ type: 'contain', id, signed });
        })
        .finally(() => listeners.delete(asked));
      if (reply.type !== 'done') throw refusal(reply);
    },
    status: async () => {
      const reply = await pending.ask((id) => lines.send({ type: 'status', id }));
      if (reply.type !== 'sandboxes') throw refusal(reply);
      return reply.sandboxes;
    },
    closed,
    close: () => lines.end(),
  };
}

function refusal(reply: FromHost): SandtrailError {
  if (reply.type !== 'refused' || !isErrorCode(reply.code)) {
    return new SandtrailError('CONTROL_MALFORMED', { detail: reply.type });
  }
  return new SandtrailError(reply.code, { detail: reply.detail });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
