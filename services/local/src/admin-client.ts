// The admin socket's client: what commands use to talk to the running product.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import { Fault } from './admin-contract.ts';

interface Call {
  readonly socket: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Fields of the query (GET) or the body (POST). */
  readonly input?: unknown;
  readonly signal?: AbortSignal;
}

/** True when something listens: a product that runs, not a leftover file. */
export async function isServed(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return false;
  return callAdmin({ socket, method: 'GET', path: '/v1/status' }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof SandtrailError && error.code === 'NOT_RUNNING') return false;
      throw error;
    },
  );
}

/**
 * One call, one JSON answer.
 * @throws SandtrailError with the code that the product answered, or `NOT_RUNNING`
 */
export async function callAdmin(call: Call): Promise<unknown> {
  const response = await send(call);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text);
}

/**
 * One call, lines as they come, until the product ends them or `signal` aborts.
 * @throws SandtrailError with the code that the product answered, or `NOT_RUNNING`
 */
export async function* streamAdmin(call: Call): AsyncGenerator<string> {
  let response: IncomingMessage | undefined;
  try {
    response = await send(call);
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    // Whoever asked has gone, perhaps before there was an answer: that is no failure.
    if (call.signal?.aborted === true) return;
    if (error instanceof SandtrailError) throw error;
    const detail = 'the product went away in mid-answer';
    throw new SandtrailError('NOT_RUNNING', { detail, cause: error });
  } finally {
    response?.destroy();
  }
}

async function send({ socket, method, path, input, signal }: Call): Promise<IncomingMessage> {
  const query = method === 'GET' && input !== undefined ? `?${searchOf(input)}` : '';
  const outgoing = request({
    socketPath: socket,
    method,
    path: `${path}${query}`,
    ...(signal === undefined ? {} : { signal }),
  });
  outgoing.end(method === 'POST' ? JSON.stringify(input ?? {}) : undefined);
  const [response] = await once(outgoing, 'response').catch((error: unknown) => {
    throw new SandtrailError('NOT_RUNNING', { detail: socket, cause: error });
  });
  const incoming: IncomingMessage = response;
  if (incoming.statusCode !== 200) throw await faultOf(incoming);
  return incoming;
}

function searchOf(input: unknown): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(input ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.toString();
}

async function faultOf(response: IncomingMessage): Promise<Error> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  const { error } = Fault.parse(JSON.parse(text));
  const detail = /\((.*)\)$/s.exec(error.message)?.[1] ?? error.message;
  return new SandtrailError(isCode(error.code) ? error.code : 'INTERNAL', { detail });
}

function isCode(code: string): code is ErrorCode {
  return code in errorCatalogue;
}
