// One HTTP request to an engine's Unix socket, bounded in time and size.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { SandtrailError } from '@sandtrail/schemas/errors';

/** A request. */
export interface EngineCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An answer, whole. */
export interface EngineAnswer {
  readonly status: number;
  readonly text: string;
}

interface Where {
  readonly socketPath: string;
  readonly timeoutMs: number;
}

const answerSizeBytesMax = 8 * 1024 * 1024;

/** Reads an answer to its end. @throws SandtrailError `DOCKER_UNAVAILABLE` */
export async function readAnswer(where: Where, call: EngineCall): Promise<EngineAnswer> {
  const signal = AbortSignal.timeout(where.timeoutMs);
  try {
    const response = await begin(where, { ...call, signal });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) continue;
      sizeBytes += chunk.length;
      if (sizeBytes > answerSizeBytesMax) throw new Error(`over ${answerSizeBytesMax} bytes`);
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
  } catch (cause) {
    throw unavailable(where, cause);
  }
}

/**
 * Begins a stream that ends with the caller's signal; only its first answer is waited for so long.
 * @throws SandtrailError `DOCKER_UNAVAILABLE`
 */
export async function openCall(where: Where, call: EngineCall): Promise<AsyncIterable<Buffer>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('no answer')), where.timeoutMs);
  try {
    const signal = AbortSignal.any([late.signal, ...(call.signal ? [call.signal] : [])]);
    const response = await begin(where, { ...call, signal });
    if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`);
    return response;
  } catch (cause) {
    throw unavailable(where, cause);
  } finally {
    clearTimeout(timer);
  }
}

async function begin({ socketPath }: Where, call: EngineCall): Promise<IncomingMessage> {
  const { method, path, body, signal } = call;
  const text = body === undefined ? '' : JSON.stringify(body);
  const asked = request({
    ...{ socketPath, method, path, agent: false },
    headers: {
      host: 'docker',
      ...(text === '' ? {} : { 'content-type': 'application/json' }),
      'content-length': Buffer.byteLength(text),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  asked.end(text);
  const [response]: IncomingMessage[] = await once(asked, 'response');
  if (response === undefined) throw new Error('no response');
  return response;
}

function unavailable({ socketPath }: Where, cause: unknown): SandtrailError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SandtrailError('DOCKER_UNAVAILABLE', { detail: `${socketPath}: ${why}`, cause });
}
