// What serves each route: a function of the request's parts, typed by the contract.
import type * as z from 'zod';
import type { RouteName, routes } from '../contract/routes.ts';
import type { OpenSession } from '../sessions/sessions.ts';
import type { StreamMessage } from './event-stream.ts';

/** A request after its session and right were checked. The handler parses what the route takes. */
export interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** What a browser sends when its event stream broke off. */
  readonly lastEventId: string | undefined;
  /** The session; of `signIn`, which needs none, an empty one. */
  readonly session: OpenSession;
  /** False once the session is over: a stream ends then. */
  readonly isSignedIn: () => boolean;
  /** Aborts when the asker is gone or the console closes. */
  readonly signal: AbortSignal;
}

type Messages<M> = {
  readonly [E in keyof M]: {
    readonly event: E;
    readonly data: M[E] extends z.ZodType ? z.input<M[E]> : never;
    readonly id?: string;
  };
}[keyof M];

type AnswerOf<A> = A extends { readonly type: 'json'; readonly schema: infer S extends z.ZodType }
  ? z.input<S>
  : A extends { readonly type: 'events'; readonly messages: infer M }
    ? AsyncIterable<Messages<M> & StreamMessage>
    : undefined;

/** The handlers that need no more than the request. Sessions are the server's own. */
export type Handlers = {
  readonly [N in Exclude<RouteName, 'signIn' | 'signOut'>]: (
    asked: Asked,
  ) => Promise<AnswerOf<(typeof routes)[N]['answer']>>;
};
