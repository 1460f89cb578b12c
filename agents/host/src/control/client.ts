// A runner's connection to the host daemon: it registers its sandbox, answers, and hears of levels.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Clock } from '@sandtrail/runtime/clock';
import { every } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import type { EgressSwitch } from '../driver/driver.ts';
import { controlLines } from './lines.ts';
import { PendingAnswers } from './pending.ts';
import {
  type ArmedCollector,
  type EndedStream,
  FromHost,
  type Registration,
  type ToHost,
} from './protocol.ts';

interface HostConnectionOptions {
  readonly socketPath: string;
  readonly egress: EgressSwitch;
  /** The sandbox is about to rise to this level, or was released to L0. */
  readonly onLevel: (level: Level) => void;
  readonly clock: Clock;
  /** A daemon that says nothing for so long counts as lost. */
  readonly silenceMsMax: number;
}

/** A live connection. */
export interface HostConnection {
  /**
   * Resolves when every collector is armed for the sandbox.
   * @throws SandtrailError `CONTROL_DENIED`, `CONTROL_LOST`.
   */
  register(sandbox: Registration): Promise<readonly ArmedCollector[]>;
  /** Resolves when the collectors have delivered what was under way about the sandbox. */
  unregister(): Promise<readonly EndedStream[]>;
  /** Resolves when the daemon is lost, or after `close`. */
  readonly closed: Promise<void>;
  close(): void;
}

const pingMs = 500;

/** Connects to the daemon. @throws SandtrailError `CONTROL_LOST` when none listens there. */
export async function connectHost(options: HostConnectionOptions): Promise<HostConnection> {
  const { clock, egress, silenceMsMax } = options;
  const socket = connect(options.socketPath);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new SandtrailError('CONTROL_LOST', { detail: options.socketPath, cause });
  });
  const pending = new PendingAnswers<FromHost>();
  const over = new AbortController();
  let heardMs = clock.monotonicMs();
  const lines = controlLines<FromHost, ToHost>({
    socket,
    schema: FromHost,
    onMessage: (message) => {
      heardMs = clock.monotonicMs();
      if (message.type === 'level') options.onLevel(message.level);
      else if (message.type === 'ask') answer(message, { egress, send: lines.send });
      else if ('id' in message) pending.settle(message.id, message);
    },
  });
  const closed = lines.closed.then(() => {
    over.abort();
    pending.fail(new SandtrailError('CONTROL_LOST', { detail: options.socketPath }));
  });
  const pings = every({ ms: pingMs, signal: over.signal }, () => {
    lines.send({ type: 'ping' });
    if (clock.monotonicMs() - heardMs > silenceMsMax) socket.destroy();
  });
  const ask = (make: (id: number) => ToHost) => pending.ask((id) => lines.send(make(id)));
  return {
    register: async (sandbox) => {
      const reply = await ask((id) => ({ type: 'register', id, sandbox }));
      return reply.type === 'armed' ? reply.collectors : refuse(reply);
    },
    unregister: async () => {
      const reply = await ask((id) => ({ type: 'unregister', id }));
      return reply.type === 'unregistered' ? reply.streams : refuse(reply);
    },
    closed: Promise.all([closed, pings]).then(() => undefined),
    close: () => lines.end(),
  };
}

interface Answering {
  readonly egress: EgressSwitch;
  readonly send: (message: ToHost) => boolean;
}

function answer(asked: FromHost & { type: 'ask' }, { egress, send }: Answering): void {
  // A question that fails stays unanswered, and the host then takes the harder way.
  egress[asked.what]().then(
    ({ openFlows, denied }) => send({ type: 'egress', id: asked.id, openFlows, denied }),
    () => false,
  );
}

function refuse(reply: FromHost): never {
  const detail = reply.type === 'refused' ? `${reply.code}: ${reply.detail}` : reply.type;
  throw new SandtrailError('CONTROL_DENIED', { detail });
}
