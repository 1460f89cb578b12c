// The contract's routes on the server: session and right first, then the handler, then its answer.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ListenConfig } from '../config.ts';
import { type Right, rolesOf } from '../contract/rights.ts';
import { type ApiRoute, apiPrefix } from '../contract/route.ts';
import { routes } from '../contract/routes.ts';
import type { ActRecord } from '../sessions/act-record.ts';
import type { OpenSession } from '../sessions/sessions.ts';
import { type SignIn, sessionView } from '../sessions/sign-in.ts';
import { type StreamMessage, sendEventStream } from './event-stream.ts';
import type { Asked, Handlers } from './handlers.ts';
import { MissingRight } from './problem-of.ts';
import { clearedCookie, sessionCookie, sessionIdIn } from './session-cookie.ts';

interface ApiRoutesOptions {
  readonly config: ListenConfig;
  readonly handlers: Handlers;
  readonly signIn: SignIn;
  readonly acts: ActRecord;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Aborts when the console closes. */
  readonly signal: AbortSignal;
  readonly port: () => number;
}

const streamsMax = 32;

/** Adds every route of the table. */
export function addApiRoutes(app: FastifyInstance, options: ApiRoutesOptions): void {
  const streams = new Streams(options);
  addSessionRoutes(app, options);
  const served: Readonly<Record<string, (asked: Asked) => Promise<unknown>>> = options.handlers;
  for (const [name, route] of Object.entries<ApiRoute>(routes)) {
    const handler = served[name];
    if (handler === undefined) continue;
    app.route({
      method: route.method,
      url: urlOf(route),
      async handler(request, reply) {
        const session = sessionOf(request, options);
        await checkRight({ route, session, acts: options.acts });
        const asked = askedOf(request, reply, { session, options });
        const answer = await handler(asked);
        if (isStream(answer)) return streams.send({ reply, messages: answer, asked });
        return answer === undefined ? reply.code(204).send() : reply.send(answer);
      },
    });
  }
}

/** Signing in and out sets and clears the cookie, so the server does it itself. */
function addSessionRoutes(app: FastifyInstance, options: ApiRoutesOptions): void {
  const { signIn, config, port } = options;
  const place = () => ({ port: port(), isSecure: config.tls !== undefined });
  app.post(urlOf(routes.signIn), async (request, reply) => {
    const { token } = routes.signIn.body.parse(request.body);
    const { id, session } = await signIn.redeem(token);
    const lifeMs = signIn.sessions.limits.lifeMs;
    reply.header('set-cookie', sessionCookie(id, { ...place(), lifeMs }));
    return sessionView(session, signIn);
  });
  app.delete(urlOf(routes.signOut), (request, reply) => {
    const session = sessionOf(request, options);
    signIn.sessions.end(session.name, 'signed out');
    return reply.header('set-cookie', clearedCookie(place())).code(204).send();
  });
}

function urlOf({ path }: ApiRoute): string {
  return `${apiPrefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
}

function sessionOf(request: FastifyRequest, { signIn, port }: ApiRoutesOptions): OpenSession {
  const id = sessionIdIn(request.headers.cookie, port());
  const session = id === undefined ? undefined : signIn.sessions.use(id);
  if (session !== undefined) return session;
  throw new SandtrailError('SESSION_MISSING', { detail: id === undefined ? 'none' : 'ended' });
}

interface Checked {
  readonly route: ApiRoute;
  readonly session: OpenSession;
  readonly acts: ActRecord;
}

/** A right that is refused is sealed before the refusal is answered. */
async function checkRight({ route, session, acts }: Checked): Promise<void> {
  const { right } = route;
  if (right === 'session' || right === 'anyone' || holds(session, right)) return;
  const { actor, role } = session;
  const detail = `${role} has not the right "${right}" for ${route.method} ${route.path}`;
  await acts.refused({ actor, act: `console.${right}`, detail });
  throw new MissingRight(right, role);
}

function holds({ role }: OpenSession, right: Right): boolean {
  return rolesOf[right].includes(role);
}

interface Asking {
  readonly session: OpenSession;
  readonly options: ApiRoutesOptions;
}

function askedOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { session, options }: Asking,
): Asked {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const { params, query, body, headers } = request;
  const last = headers['last-event-id'];
  return {
    ...{ params, query, body, session },
    lastEventId: Array.isArray(last) ? last[0] : last,
    isSignedIn: () => options.signIn.sessions.isInUse(session.name),
    signal: AbortSignal.any([options.signal, gone.signal]),
  };
}

interface Sending {
  readonly reply: FastifyReply;
  readonly messages: AsyncIterable<StreamMessage>;
  readonly asked: Asked;
}

/** The event streams under way, at most so many. */
class Streams {
  readonly #counters: Counters;
  #open = 0;

  constructor({ counters }: ApiRoutesOptions) {
    this.#counters = counters;
  }

  /** Hands the connection to the stream. @throws SandtrailError `CONSOLE_BUSY` */
  async send({ reply, messages, asked }: Sending): Promise<FastifyReply> {
    if (this.#open >= streamsMax) {
      this.#counters.add('console.refused', 1, 'streams');
      throw new SandtrailError('CONSOLE_BUSY', { detail: `${streamsMax} streams are open` });
    }
    this.#open += 1;
    try {
      // What is wrong with the question shows before the first message: that is a refusal yet.
      const begun = await beginning(messages);
      const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' };
      reply.hijack();
      reply.raw.writeHead(200, headersOf(headers));
      await sendEventStream(reply.raw, begun, asked.signal);
    } catch (error) {
      if (!reply.raw.headersSent) throw error;
      // The head is out: all that can be said is that it broke off, and the browser comes again.
      this.#counters.add('console.streams_broken', 1);
      reply.raw.destroy(error instanceof Error ? error : undefined);
    } finally {
      this.#open -= 1;
    }
    return reply;
  }
}

/** The same messages, the first of which is there. */
async function beginning(messages: AsyncIterable<StreamMessage>) {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

function headersOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function isStream(answer: unknown): answer is AsyncIterable<StreamMessage> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;
}
