// Agents' hooks on their sandbox's own socket: one HTTP request each, kept as a claim, answered at once.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';

/** Reads one agent's hooks, and words what the agent is told. */
export interface Hook {
  /** What the hook claims; nothing where it is of no interest. */
  read(input: unknown, nowNs: bigint): readonly Observation[];
  /** The answer in the agent's own form; `contained` is the rung on which its sandbox is held. */
  answer(input: unknown, contained: Level | undefined): unknown;
}

/** Hooks by the name in their path: `POST /v1/hooks/NAME`. */
export type Hooks = Readonly<Record<string, Hook>>;

interface HookDoorOptions {
  readonly hooks: Hooks;
  readonly bodySizeBytesMax: number;
  readonly connectionsMax: number;
  readonly nowNs: () => bigint;
  /** Waits until the sandbox may send so many bytes. */
  readonly allow: (sizeBytes: number) => Promise<void>;
  readonly claim: (observation: Observation) => void;
  readonly contained: () => Level | undefined;
  /** Hears of a request that was refused or could not be answered. */
  readonly onFailed: (reason: 'oversize' | 'malformed') => void;
}

const requestMsMax = 5_000;
const path = /^\/v1\/hooks\/([a-z-]{1,32})$/;

/** A server that does not listen yet: its place is beside the sandbox's socket for lines. */
export function createHookDoor(options: HookDoorOptions): Server {
  const server = createServer({ requestTimeout: requestMsMax }, (request, response) => {
    answer(request, options).then(
      ({ status, json }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(json));
      },
      () => {
        // The agent went away in the middle, or its sandbox is closing.
        options.onFailed('malformed');
        response.destroy();
      },
    );
  });
  server.maxConnections = options.connectionsMax;
  server.maxRequestsPerSocket = 1_000;
  return server;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

async function answer(request: IncomingMessage, options: HookDoorOptions): Promise<Answer> {
  const name = path.exec(request.url ?? '')?.[1] ?? '';
  const hook = Object.hasOwn(options.hooks, name) ? options.hooks[name] : undefined;
  if (hook === undefined || request.method !== 'POST') return refused(404, 'there is no such hook');
  const body = await bodyOf(request, options);
  if (body === undefined) {
    options.onFailed('oversize');
    return refused(413, `over ${options.bodySizeBytesMax} bytes`);
  }
  const input = jsonOf(body);
  if (input === undefined) {
    options.onFailed('malformed');
    return refused(400, 'it is no JSON');
  }
  for (const observation of hook.read(input, options.nowNs())) options.claim(observation);
  return { status: 200, json: hook.answer(input, options.contained()) };
}

async function bodyOf(
  request: IncomingMessage,
  { allow, bodySizeBytesMax }: HookDoorOptions,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    await allow(bytes.length);
    if (sizeBytes <= bodySizeBytesMax) chunks.push(bytes);
  }
  return sizeBytes > bodySizeBytesMax ? undefined : Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refused(status: number, message: string): Answer {
  return { status, json: { error: { message } } };
}
